//! Keys of 暗号鍵管理 and the signature headers (document 1.5): RSAES-PKCS1-v1_5 over `sellerId:unixtime`.
//!
//! The two key pairs below are fixed, known to everybody and protect nothing: making a key for every shop would take
//! seconds, and a simulated mall has no secrets. They must never be used anywhere else.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};

use crate::jst;
use crate::wire::Request;

/// Keys with an odd version number use the first pair, the others the second.
const FIRST: &str = "\
    MIIEowIBAAKCAQEAm+6982zs4mz2KoEtVbPBNJCidOaLRjs6i2XXnmMZijdoQ2a1p8v31oRhefhlyaigO/74hYgvN0Zh3/QaPqfD\
    4ev6e1RN7xD4SPiLJACtjo+/KkTMjOLRHm2HTeguze3J8qwFu2uoPrAhf8uSSyIJGqRlTtp751hTFTT4LvLALUkrcn3gpDV5Qgz2\
    elbhAH0OWrDs1afLqS4vW1XJD5kHFdJj3YZ8AhgJHo8ek+kcC+G9G5wMnG/TU3eppg5SGBdV19Bv433AfjgwcSsDJqTkBSfoztuB\
    UFZgA65Vl00syoCym3L+m6d1YkmGdOzGHiXD1qXLJ3YQes1aGBPgj5J9qQIDAQABAoIBADeXrUcNDYNIP5c1yLjmRjp8Wj79NqhK\
    U3wBShcg06kwSc7F3nu9P1XOioYWpgt4P/BD3cyVmefGAvz6JSUzYKW6IOo5SzOxRCOX4NtsFnReEVR7hMWx08ZaXEPNRGqMnVQU\
    OlLwdeIrnzXVmQmKT96cv7WWNVhsZ+qGoPjz+Mnr3lDMtqLI2Kjs+M7BVb8CHumKEDWAOgRNjRilg00ks2TT4yeyTkyUFzoidqrh\
    EzmiYSXDCF+VX/IaYoie/w6fyLVMgri6dZn0MuGWJaJGep00jXAPD2BHB62bWJbdOOKx5Rkayegy9AsSLPY9zhHg8UCl1s97S504\
    RCxowHHnN9UCgYEA2Jqe9jMengEh2IpTaJWDFkwPF8juVW5Ulz20YqMbRq7lnF97eYtLP39RLUGQ83gNjHj+XgL86ipJZ/GMvzS0\
    io2MsRyX73NZtE/3qy8tyK2Fhbj39jhW970+DdmJDYsbglFJ4UkZkZASIy+WyBQo4DqOhrBMLN/6XNOAuSfIiUMCgYEAuEstYcOh\
    dohN7+PfQ7DvftDLKcJ3kwoyVoRDzHzndF5i/WGbDjjCd/imn7EIpUb5EnhjLCpwlQrImEA6tdU1uePiV1grM2q4ILXkR1dHdTu/\
    gKaK9zs1JlTj2Q5JtQkhPQKgYGYO92wTsOHt+nLf9lxjcYEfOjBWtGvYDOTzCKMCgYBAGFkLn4ri1JDwY9ZUr1FwCqe4sROdoh1T\
    98VmHr/WhbCaOkLub4Kf0ovx6WH8Ob1AoRkcNqQiosrAAGFWv0Dhcwt76WsoRyj3S2aNeFOC+530OQzfBkLt4kj3jjSZFl3YjTdg\
    e+IeCdTkJpPmtth1qb49KvQPn2OVjlyb7aLQwwKBgQClXC8YLaTO6naj7N8Dqdr6+vWQPsFz2g5YuszqypgTPi2sFMw/8oXrh9xa\
    JUsQoaITBJpXoqzpzoc2tUr4pJpUdTk+DgqVVAhqsUpnCNVBR58JHGZMd3+1KS5YMA3KtqpwR88HMAv1za/NYqtZsYFrWHKSAb23\
    RHBH6wwsZbH76QKBgC0a5tJfW2/k6Nn4KeQeX6bNLtLeO10JbHfGry6WFCsnOBc+3IxkQ1XTOesDdxNmZTiQpBHpvSLUZ28XYQ5l\
    PBdOC0UwzeUHzS+czc3y4j1g6SGvQgblgvbxPcfTg34ShWcqk5q0gUhZFHoXyT9OOvyxBuYNMGqcIThuMt3/NIC1";
const SECOND: &str = "\
    MIIEoAIBAAKCAQEArxYFy+i5EfSUlpAzqgA4EqnYkvM3bdpuRV4GOV8uzwHy1IWuw/wWCb047xDcSn4BcaWbxYtml+XEPrMdcf7j\
    r80/LUeS8wOW1yOHY6GxAlfhzs+O3MEP5hXhcqgOAwjLJkglbGCfgHG6VKvOJ2wZ9U2NW9DjxtjffcXUBwqWiD4EFG8ZK3JtGskz\
    reeIiW2Ab9Va66LT85bCqfChcRAAaJ22vqUGKIqYB9SH2EEbf18kAbT4WbdIE6WN/SbuDIshzRgkgHMroOJXsDMFUhxe06KnaxPJ\
    MQI3jVaWv7ZJDhcU9yyM3kHqnQmy8IfH/r5qYt+hic6slDjiY8K924Z0AwIDAQABAoH/GYhx+p/1sqijAqdaNsXRZ5IIA2YfWeXW\
    LvIx9ivrUkT2egevdOVOUXKcMEDv30KA82czUEZZWngne6f4o1Hd4nAMG+OpinGmOGRLWjw6Psfne5bJPr2Tk/pHkRubmisDdTxl\
    jhMz2jIQ+kgTyFamHR/c0txOW1vv5med2WkHNYGXRgsrMLCq3PJHJj1Xuxs4wpU5m2gtjeaJHjQUKWNlrD6qZLeyXPrI9cXiMGtF\
    nG3GpSh1EEh1eJoo1EaB8IbyAlwXjL0anSNtzMDfPWg811Gl/XCkVQ0VuIcAGSRm15rbUEI41kuOmCRbv6BvtU798G/n7OW26yMM\
    9VLusceBAoGBAPbtuUfkonh+1dQXB18wQ7cFDNK88cOwluqpZp7kXUvFXJ9+CVVKu837XemHuu77lDw6NKdnqKlIsyes6yk39t4o\
    ClZVZEpBlNTvXf3lIdSHQCh1NnoeSHn+9FVb5nVHY7C9WwBKltEDOTx/VbUGvZFl1Zm1/IObFOPcoZhx0jVHAoGBALWEpRH1fqVj\
    K4ylnMmM8PgMH328pNLQLPEEnTt5ft+ltaCXH6TiUA8Iox6TBUxO/NKzYeZIaMB6hzftQFESDjJArRyAymXP7Te/lP5UNPrhtf8g\
    r9U01JhDVCrQjGYrOgcSK5dZQ9OAcxKfAxeHd3mTPWDFK3yFln3f/VMAQJllAoGAF6xExhKyTNEEGPg4ObT72PEAALgiiXtFjKu+\
    7d7A3wHF1niT1nx6ss21fC0KC91ModWGtMHoVopkupoGVYZLAZNfIlW/bqsI5L0qCqxL6P8qdHaASYbbte5uaDyORJIaiZgtwEJm\
    YRVpCFbA1cEWrXjQ2JKs6cUVZJ8DUwUefQMCgYAfieOQgkI2BEwdzOy4DFgWES0rkKpmwqr8WZvkKJEF1OoA9CEYagYVBqApAMyL\
    3LGK/oYFGBGzV9bEveFN9MAotRoe+LWyCPWjmRMPOZxW9v7DTG+gsOQ7bH9kTQYH/ny/m8WdL3JcflYAJ0bHQM9efVnNxZRvt1pV\
    lqSSVlnjDQKBgH1xWQ2+QIX396X2YKKkPbweyGA8HqgZ2I9VgTQ3yBciFdNBIftnr8Rv15iKwJiH0O90SwlksWJXOQAwrkopuvW0\
    UC7qI8jmmqQpZSHY4rFpaVZxOC6FhIFb+f8+G9KXIeallYoMZmVlUfSw48JAA6QLvDa3dFnZdKL1p5qSiqDf";

/// One line of 暗号鍵管理. At most two are enabled at once.
#[derive(Debug, Clone)]
pub(crate) struct PublicKey {
    pub version: i64,
    pub expires_ms: i64,
    pub enabled: bool,
}

impl PublicKey {
    /// Valid for one year.
    pub fn new(version: i64, issued_ms: i64) -> Self {
        Self { version, expires_ms: jst::end_of_day(issued_ms, 365), enabled: true }
    }

    pub fn holds(&self, now_ms: i64) -> bool {
        self.enabled && now_ms <= self.expires_ms
    }

    pub fn pem(&self) -> String {
        private(self.version)
            .and_then(|k| k.to_public_key().to_public_key_pem(LineEnding::LF).ok())
            .unwrap_or_default()
    }
}

fn private(version: i64) -> Option<&'static RsaPrivateKey> {
    static PAIRS: [OnceLock<Option<RsaPrivateKey>>; 2] = [OnceLock::new(), OnceLock::new()];
    let [first, second] = &PAIRS;
    let (cell, text) = if version.rem_euclid(2) == 1 { (first, FIRST) } else { (second, SECOND) };
    let read = || STANDARD.decode(text).ok().and_then(|der| RsaPrivateKey::from_pkcs1_der(&der).ok());
    cell.get_or_init(read).as_ref()
}

/// What the pair of headers amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// Neither header.
    None,
    /// A signature without its version: as good as none, and reported with `px-14303`.
    NoVersion,
    Bad,
    Good,
}

/// Judges the headers of a call for a shop.
pub(crate) fn judge(
    request: &Request,
    keys: &[PublicKey],
    seller: &str,
    now_ms: i64,
    skew_ms: i64,
) -> Signature {
    let Some(signature) = request.find_header("X-sws-signature") else { return Signature::None };
    let Some(version) = request.find_header("X-sws-signature-version") else { return Signature::NoVersion };
    let holds = |k: &&PublicKey| k.version.to_string() == version.trim() && k.holds(now_ms);
    let good = keys.iter().find(holds).is_some_and(|key| {
        opened(signature, key.version).is_some_and(|plain| {
            let Some((who, at)) = plain.rsplit_once(':') else { return false };
            let near = at.parse::<i64>().ok().is_some_and(|s| {
                s.checked_mul(1000).is_some_and(|ms| ms.abs_diff(now_ms) <= skew_ms.unsigned_abs())
            });
            who == seller && near
        })
    });
    if good { Signature::Good } else { Signature::Bad }
}

fn opened(signature: &str, version: i64) -> Option<String> {
    let cipher = STANDARD.decode(signature).ok()?;
    let plain = private(version)?.decrypt(Pkcs1v15Encrypt, &cipher).ok()?;
    String::from_utf8(plain).ok()
}
