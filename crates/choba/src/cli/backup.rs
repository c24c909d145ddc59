//! `choba backup`: a consistent copy while others work, encrypted, and checked by opening it before it gets its name.
//!
//! The file is an age file for one recipient whose key is derived from the master key: who has the master key can open it,
//! and the file never leads to the master key.

use super::app::App;
use super::refusal::Refusal;
use age::x25519::Identity;
use anyhow::{Context as _, Result};
use bech32::{Bech32, Hrp};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use store::DbUrl;
use store::backup::{self, BackupError, LastBackup, Manifest};
use store::seal::keys::MasterKey;

/// バックアップ
#[derive(Debug, clap::Args)]
pub struct Args {
    /// バックアップのファイル（まだないもの） / the file, which must not be there yet
    file: PathBuf,
}

/// Runs it.
pub async fn run(app: &App, args: Args) -> Result<u8> {
    let url = app.url()?;
    if let DbUrl::Sqlite(database) = &url
        && !database.exists()
    {
        return Err(Refusal::new("no_ledger", "台帳がまだありません", "there is no ledger yet").into());
    }
    if args.file.exists() {
        let shown = args.file.display();
        let refusal = Refusal::new(
            "file_exists",
            format!("{shown} はもうあります（上書きはしません）"),
            format!("{shown} is there already and is not written over"),
        );
        return Err(refusal.remedy("別の名前を付けてください。").into());
    }
    let ledger = app.ledger().await?;
    let identity = identity(&app.master_key()?.0)?;
    let names = Names::beside(&args.file)?;
    let manifest = make(app, &url, &identity, &names).await?;
    std::fs::rename(&names.part, &args.file).with_context(|| args.file.display().to_string())?;
    sync_folder(&args.file)?;
    let bytes = std::fs::metadata(&args.file)?.len();
    let file = args.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    ledger.set_last_backup(&LastBackup { at: manifest.made_at, bytes, file }).await?;
    ledger.close().await;
    let (shown, orders, size) = (args.file.display(), manifest.orders(), bytes.div_ceil(1 << 20));
    app.out.say(
        format!("{shown} にバックアップを作りました（受注{orders}件、{size}MB）。開いて、中身と履歴が合うことを確かめました。\nマスターキーは入っていません。別の場所に控えを置いてください。"),
        format!("Made {shown} ({orders} orders, {size} MB), and checked it by opening it. The master key is not in it: keep a copy of that elsewhere."),
    );
    app.out.object(&json!({
        "file": args.file, "bytes": bytes, "made_at": manifest.made_at.to_japan_text(), "orders": orders,
        "rows": manifest.rows, "verified": true,
    }))?;
    Ok(0)
}

/// Files beside the target that are there for a moment.
pub struct Names {
    /// The backup until it was checked.
    pub part: PathBuf,
    /// The copy, plain.
    pub copy: PathBuf,
}

impl Names {
    /// For a target. What a run that was killed left under these names goes away.
    pub fn beside(file: &Path) -> Result<Self> {
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned());
        let Some(name) = name.filter(|n| !n.is_empty()) else {
            return Err(Refusal::field("FILE", "ファイルの名前を指定してください", "must name a file").into());
        };
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let this = Self {
            part: folder.join(format!(".{name}.choba-part")),
            copy: folder.join(format!(".{name}.choba-copy")),
        };
        this.clear();
        Ok(this)
    }

    fn clear(&self) {
        for path in [&self.part, &self.copy] {
            for end in ["", "-wal", "-shm", "-journal"] {
                let mut name = path.clone().into_os_string();
                name.push(end);
                // Mostly not there.
                drop(std::fs::remove_file(name));
            }
        }
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.clear();
    }
}

async fn make(app: &App, url: &DbUrl, identity: &Identity, names: &Names) -> Result<Manifest> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(&names.part).with_context(|| names.part.display().to_string())?;
    let recipient = identity.to_public();
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))?;
    let mut out = encryptor.wrap_output(BufWriter::with_capacity(1 << 20, file))?;
    backup::write(url, &names.copy, &mut out, app.now()).await.map_err(refusal)?;
    let mut file = out.finish()?;
    file.flush()?;
    file.get_ref().sync_all()?;
    // It counts as made when it could be opened again, from the disk.
    let mut source = open(&names.part, &[identity])?;
    backup::verify(url, &names.copy, &mut source, app.now()).await.map_err(refusal)
}

/// The identity that a master key's backups are written for.
pub fn identity(key: &MasterKey) -> Result<Identity> {
    let secret = key.backup_secret();
    let text = bech32::encode_upper::<Bech32>(Hrp::parse("age-secret-key-")?, secret.as_slice())?;
    Identity::from_str(&text).map_err(|error| anyhow::anyhow!(error))
}

/// Opens a backup with the first identity that fits.
pub fn open(file: &Path, identities: &[&Identity]) -> Result<impl Read + Send + use<>> {
    let shown = file.display().to_string();
    let source = BufReader::with_capacity(1 << 20, File::open(file).with_context(|| shown.clone())?);
    let not_ours =
        |ja: &str, en: &str| Refusal::new("not_a_backup", format!("{shown}：{ja}"), format!("{shown}: {en}"));
    let decryptor = age::Decryptor::new_buffered(source).map_err(|_| {
        not_ours("バックアップのファイルではないか、壊れています", "not a backup, or damaged")
    })?;
    decryptor.decrypt(identities.iter().map(|i| *i as &dyn age::Identity)).map_err(|error| {
        let refusal = match error {
            age::DecryptError::NoMatchingKeys => {
                not_ours("このマスターキーでは開けません", "it cannot be opened with this master key")
                    .remedy("そのバックアップを作ったときのマスターキーを --key-file で指定してください。")
            }
            _ => not_ours("壊れています", "it is damaged"),
        };
        refusal.into()
    })
}

/// The folder knows the new name after a power loss too.
pub fn sync_folder(file: &Path) -> Result<()> {
    let folder = file.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(File::open(folder)?.sync_all()?)
}

/// Why not, in words.
pub fn refusal(error: BackupError) -> anyhow::Error {
    let en = error.to_string();
    let refusal = match error {
        BackupError::NotABackup => Refusal::new("not_a_backup", "帳場のバックアップではありません", en),
        BackupError::Damaged(what) => {
            let ja = format!("バックアップが壊れています（{what}）");
            Refusal::new("backup_damaged", ja, en).remedy("ほかのバックアップを使ってください。")
        }
        BackupError::OtherKind(kind) => {
            let ja = format!("このバックアップは{kind}のものです。同じ種類のデータベースに復元してください");
            Refusal::new("other_kind", ja, en)
        }
        BackupError::NewerProgram(step) => {
            let ja = format!("新しいプログラムで作られたバックアップです（表の版{step}）");
            Refusal::new("newer_program", ja, en).remedy("プログラムを新しくしてから復元してください。")
        }
        BackupError::Occupied => {
            let ja = "復元先には、もう台帳があります。空のフォルダー（データベース）にだけ復元します";
            let remedy = "--force を付けると、いまの台帳を名前を変えて残し、入れ替えます（消しません）。";
            Refusal::new("occupied", ja, en).remedy(remedy)
        }
        BackupError::InUse(who) => {
            let ja = format!("復元先の台帳を使っているプロセスがあります（{who}）");
            let remedy = "choba serve・choba work・データベースへのほかの接続を、すべて止めてください。";
            Refusal::new("in_use", ja, en).remedy(remedy)
        }
        BackupError::Io(error) => return error.into(),
        BackupError::Store(error) => return error.into(),
    };
    refusal.into()
}
