//! A queue in Amazon's SQS, read by long polling. A message is deleted only after what it says is kept.

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::Message;
use aws_sdk_sqs::{Client, Config as SdkConfig};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use domain::{Reason, reason};
use engine::http_wire::EndpointPolicy;
use engine::listening::{Ear, Field, Listening, Place, Said, Step};
use engine::setup::Problem;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

/// Messages of one answer: the most there is.
const BATCH: i32 = 10;
/// The queue answers at once when there is something, and after so long when there is nothing, seconds: the most there
/// is.
const WAIT_S: i32 = 20;
/// A message that was given out and not deleted comes again after so long, seconds.
const HIDDEN_S: i32 = 120;
/// Longest wait for one answer, beyond the queue's own.
const ANSWER: Duration = Duration::from_secs(40);

const FIELDS: [Field; 2] = [
    Field {
        key: "queue_url",
        label: ("キューのURL", "URL of the queue"),
        help: "AWSの画面にあるURLです。例：https://sqs.ap-northeast-1.amazonaws.com/123456789012/orders",
        default: "",
    },
    Field {
        key: "access_key_id",
        label: ("アクセスキーID", "Access key ID"),
        help: "このキューの ReceiveMessage と DeleteMessage だけを許可したキーにしてください。",
        default: "",
    },
];

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Config {
    queue_url: String,
    access_key_id: String,
}

/// Host and port, and region, of a queue's URL: one of Amazon's, or (`allow_private`) any.
fn parts(url: &str, allow_private: bool) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let plain = |text: &str, also: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
    };
    if !plain(path, "/-_.") {
        return None;
    }
    let amazon = host.strip_prefix("sqs.").and_then(|h| h.strip_suffix(".amazonaws.com"));
    match amazon.filter(|region| scheme == "https" && plain(region, "-")) {
        Some(region) => Some((format!("https://{host}"), region.to_owned())),
        None if allow_private && matches!(scheme, "http" | "https") && plain(host, ".-:") => {
            Some((format!("{scheme}://{host}"), "us-east-1".to_owned()))
        }
        None => None,
    }
}

/// Queues in SQS.
pub struct Queue {
    policy: EndpointPolicy,
}

impl Queue {
    /// Over the real network.
    #[must_use]
    pub fn new(policy: EndpointPolicy) -> Self {
        Self { policy }
    }

    fn client(&self, place: &Place) -> Result<(Client, Config), Reason> {
        let config: Config =
            serde_json::from_value(place.config.clone()).map_err(|_| reason::listener_gone())?;
        let (endpoint, region) = parts(&config.queue_url, self.policy.allow_private)
            .ok_or_else(|| reason::listener_address_private(&config.queue_url))?;
        let secret = place.secret.expose_secret();
        let keys = Credentials::new(&config.access_key_id, secret, None, None, "choba");
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region))
            .endpoint_url(endpoint)
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .http_client(http)
            // Who tries again, and when, is decided in one place: the engine.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(ANSWER).build())
            .build();
        Ok((Client::from_conf(sdk), config))
    }

    async fn run(&self, place: &Place, ear: &dyn Ear) -> Result<Infallible, Reason> {
        let (client, config) = self.client(place)?;
        // Whether it works at all is known at once, not after a long poll.
        let mut wait = 0;
        loop {
            let messages = receive(&client, &config, (BATCH, wait, HIDDEN_S)).await?;
            wait = WAIT_S;
            kept(ear.alive(None).await)?;
            for message in messages {
                self.take(&client, &config, message, ear).await?;
            }
        }
    }

    async fn take(
        &self,
        client: &Client,
        config: &Config,
        message: Message,
        ear: &dyn Ear,
    ) -> Result<(), Reason> {
        if let Some(body) = message.body {
            kept(ear.heard(Said::Message(body)).await)?;
        }
        let Some(receipt) = message.receipt_handle else { return Ok(()) };
        let delete = client.delete_message().queue_url(&config.queue_url).receipt_handle(receipt);
        delete.send().await.map(drop).map_err(|e| why(&e, config))
    }
}

async fn receive(
    client: &Client,
    config: &Config,
    (most, wait, hidden): (i32, i32, i32),
) -> Result<Vec<Message>, Reason> {
    let asked = client
        .receive_message()
        .queue_url(&config.queue_url)
        .max_number_of_messages(most)
        .wait_time_seconds(wait)
        .visibility_timeout(hidden);
    let answer = asked.send().await.map_err(|e| why(&e, config))?;
    Ok(answer.messages.unwrap_or_default())
}

fn kept<T>(stored: Result<T, store::StoreError>) -> Result<T, Reason> {
    stored.map_err(|error| {
        tracing::warn!(%error, "what a queue said could not be stored");
        reason::listener_not_kept()
    })
}

fn why<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>, config: &Config) -> Reason {
    let host = config.queue_url.split('/').nth(2).unwrap_or_default();
    match error {
        SdkError::ServiceError(answer) => match answer.err().code() {
            Some(code) if code.contains("NonExistentQueue") || code.contains("QueueDoesNotExist") => {
                reason::queue_not_found()
            }
            code => reason::queue_refused(code.unwrap_or("?")),
        },
        SdkError::DispatchFailure(_) => reason::listener_no_connection(host),
        SdkError::TimeoutError(_) => reason::listener_connection_lost(host),
        _ => reason::listener_answer_unclear(host),
    }
}

fn problem(key: &str, ja: &str, en: &str) -> Problem {
    Problem { key: key.to_owned(), ja: ja.to_owned(), en: en.to_owned() }
}

#[async_trait::async_trait]
impl Listening for Queue {
    fn kind(&self) -> &'static str {
        "sqs"
    }

    fn label(&self) -> (&'static str, &'static str) {
        ("キュー（Amazon SQS）", "Queue (Amazon SQS)")
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn secret_label(&self) -> (&'static str, &'static str) {
        ("シークレットアクセスキー", "Secret access key")
    }

    fn read(&self, given: &BTreeMap<String, String>) -> Result<Value, Problem> {
        let text = |key: &str| given.get(key).map(|t| t.trim().to_owned()).unwrap_or_default();
        let (queue_url, access_key_id) = (text("queue_url"), text("access_key_id"));
        if parts(&queue_url, self.policy.allow_private).is_none() {
            let ja = "https://sqs.（リージョン）.amazonaws.com/ で始まるURLを入力してください";
            return Err(problem("queue_url", ja, "must begin with https://sqs.REGION.amazonaws.com/"));
        }
        let fits = (4..=128).contains(&access_key_id.len())
            && access_key_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !fits {
            return Err(problem(
                "access_key_id",
                "半角の英数字で入力してください",
                "must be letters and digits",
            ));
        }
        serde_json::to_value(Config { queue_url, access_key_id })
            .map_err(|_| problem("queue_url", "読み取れません", "cannot be read"))
    }

    async fn listen(&self, place: &Place, ear: &dyn Ear) -> Reason {
        match self.run(place, ear).await {
            Ok(never) => match never {},
            Err(why) => why,
        }
    }

    async fn test(&self, place: &Place) -> Vec<Step> {
        let what = ("キューの読み取り", "Reading the queue");
        let tried = async {
            let (client, config) = self.client(place)?;
            // Not hidden from the one who listens.
            receive(&client, &config, (1, 0, 0)).await
        };
        let outcome = tried.await.map(|messages| match messages.len() {
            0 => "OK（いまは空です / empty now）".to_owned(),
            _ => "OK（読んでいない通知があります / messages wait）".to_owned(),
        });
        vec![Step { what, outcome }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_amazons_own_hosts_are_queues_f63() {
        let (host, region) =
            parts("https://sqs.ap-northeast-1.amazonaws.com/123456789012/orders", false).unwrap();
        assert_eq!(
            (host.as_str(), region.as_str()),
            ("https://sqs.ap-northeast-1.amazonaws.com", "ap-northeast-1")
        );
        for other in [
            "http://sqs.ap-northeast-1.amazonaws.com/1/a",
            "https://sqs.ap-northeast-1.amazonaws.com@evil.example/1/a",
            "https://sqs.evil.example/.amazonaws.com/1",
            "https://sqs.a.b.amazonaws.com/1/a",
            "https://127.0.0.1/1/a",
            "https://sqs.ap-northeast-1.amazonaws.com",
            "https://sqs.x.amazonaws.com/1/a?x=y",
            "",
        ] {
            assert_eq!(parts(other, false), None, "{other}");
        }
        assert!(parts("http://127.0.0.1:4566/123456789012/orders", true).is_some());
        assert_eq!(parts("file://x/y", true), None);
    }
}
