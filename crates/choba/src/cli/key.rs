//! `choba key`: the master key. Rotation re-wraps keys only; what they seal stays as it is.

use super::app::App;
use super::refusal::Refusal;
use anyhow::{Context as _, Result};
use serde_json::json;
use std::path::{Path, PathBuf};
use store::seal::keys::{KeyRing, MasterKey};
use store::{Ledger, OpenOptions};

/// マスターキー
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// 新しいキーのファイルを作る / make a new key file
    Generate {
        /// ファイル / file
        file: PathBuf,
    },
    /// キーを取り替える / change the master key
    Rotate {
        /// 新しいキー（なければ作ります） / the new key; made if it is not there
        #[arg(long, value_name = "FILE")]
        new_key_file: PathBuf,
        /// 動いているほかのプロセスに --also-key-file を渡してある / other processes have both keys
        #[arg(long)]
        online: bool,
    },
}

/// Runs one.
pub async fn run(app: &App, cmd: Cmd) -> Result<u8> {
    match cmd {
        Cmd::Generate { file } => {
            let key = MasterKey::generate_file(&file)?;
            app.out.say(
                format!("キーを作りました：{}", key.fingerprint()),
                format!("Made key {}", key.fingerprint()),
            );
            app.out.object(&json!({ "fingerprint": key.fingerprint(), "file": file }))?;
            Ok(0)
        }
        Cmd::Rotate { new_key_file, online } => rotate(app, &new_key_file, online).await,
    }
}

async fn rotate(app: &App, file: &Path, online: bool) -> Result<u8> {
    let (old, fresh) = app.master_key()?;
    if fresh {
        return Err(Refusal::new("no_ledger", "台帳がまだありません", "there is no ledger yet").into());
    }
    let new = if file.exists() { MasterKey::from_file(file)? } else { MasterKey::generate_file(file)? };
    let fingerprint = new.fingerprint();
    let ring = KeyRing::new(new).also(old);
    let ledger = Ledger::open(&app.url()?, &OpenOptions::default(), ring, app.now()).await?;
    let owned: Vec<String> =
        ledger.lanes().await?.into_iter().filter(|l| l.owner.is_some()).map(|l| l.lane_key).collect();
    if !owned.is_empty() && !online {
        let refusal = Refusal::new(
            "in_use",
            format!("ほかのプロセスが動いています（{}）", owned.join("、")),
            format!("other processes are working ({})", owned.join(", ")),
        );
        let remedy =
            "止めてから実行するか、全プロセスを --also-key-file で起動し直して --online を付けてください。";
        return Err(refusal.remedy(remedy).into());
    }
    let batches = ledger.rotate_master_key().await?;
    ledger.close().await;
    let own_file = app.global.key_file.is_none().then(|| app.key_path()).flatten();
    if let Some(path) = own_file {
        replace(&path, file)?;
        let shown = path.with_extension("key.old").display().to_string();
        app.out.say(
            format!("取り替えました。前のキーは {shown} に移しました（古いバックアップを開くのに要ります。不要なら消してください）"),
            format!("Changed. The old key was moved to {shown}: old backups need it"),
        );
    } else {
        app.out.say(
            "取り替えました。これからは新しいキーを指定してください",
            "Changed: from now on give the new key",
        );
    }
    app.out.object(&json!({ "fingerprint": fingerprint, "batches": batches }))?;
    Ok(0)
}

/// The new key takes the place of the old one; a cut in between leaves one of them there and the command can be run
/// again.
fn replace(path: &Path, new: &Path) -> Result<()> {
    let same = |a: &Path, b: &Path| a.canonicalize().ok() == b.canonicalize().ok();
    if same(path, new) {
        return Ok(());
    }
    let next = path.with_extension("key.next");
    std::fs::copy(new, &next).with_context(|| next.display().to_string())?;
    std::fs::File::open(&next)?.sync_all()?;
    let old = path.with_extension("key.old");
    if !old.exists() || !same(&old, path) {
        drop(std::fs::remove_file(&old));
        std::fs::hard_link(path, &old).with_context(|| old.display().to_string())?;
    }
    std::fs::rename(&next, path).with_context(|| path.display().to_string())
}
