//! `choba restore`: from a backup into an empty place, then what would be sent, and a person's word that it may be.

use super::app::{App, make_private_folder};
use super::backup::{Names, identity, open, refusal, sync_folder};
use super::refusal::Refusal;
use anyhow::{Context as _, Result};
use domain::history::By;
use engine::restored::{self, Review, ShopReview};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use store::DbUrl;
use store::backup::{self, BackupError, Manifest, Target};
use store::seal::keys::MasterKey;

/// 復元
#[derive(Debug, clap::Args)]
pub struct Args {
    /// バックアップのファイル / the backup
    #[arg(required_unless_present_any = ["review", "release"], conflicts_with_all = ["review", "release"])]
    file: Option<PathBuf>,
    /// いまの台帳を名前を変えて残し、入れ替える / move the ledger that is there aside
    #[arg(long)]
    force: bool,
    /// 復元せず、開いて確かめるだけ / restore nothing, only check the backup by opening it
    #[arg(long, conflicts_with = "force")]
    check: bool,
    /// 復元の後、送信を再開すると何が送られるかを表示する / after a restore: what would be sent
    #[arg(long, conflicts_with = "release")]
    review: bool,
    /// 復元の後、モールへの送信を再開する / after a restore: let writing go on
    #[arg(long)]
    release: bool,
    /// 読み戻しの終わっていない店舗があっても再開する / although not every shop was read back
    #[arg(long, requires = "release")]
    unread: bool,
}

/// Runs it.
pub async fn run(app: &App, args: Args) -> Result<u8> {
    match &args.file {
        Some(file) if args.check => check(app, file).await,
        Some(file) => restore(app, file, args.force).await,
        None if args.release => release(app, args.unread).await,
        None => show(app).await,
    }
}

/// The key must be there: a new one would open nothing.
fn master_key(app: &App) -> Result<MasterKey> {
    if let Some(path) = app.key_path()
        && !path.exists()
    {
        let shown = path.display();
        let refusal = Refusal::new(
            "key_missing",
            format!("マスターキー {shown} がありません"),
            format!("the master key {shown} is not there"),
        );
        return Err(refusal.remedy("控えておいたマスターキーを、その場所に置いてください。").into());
    }
    Ok(app.master_key()?.0)
}

fn source(app: &App, file: &Path) -> Result<impl std::io::Read + Send + use<>> {
    let first = identity(&master_key(app)?)?;
    let other = app.global.also_key_file.as_ref().map(|path| identity(&MasterKey::from_file(path)?));
    let other = other.transpose()?;
    let identities: Vec<_> = std::iter::once(&first).chain(&other).collect();
    open(file, &identities)
}

async fn check(app: &App, file: &Path) -> Result<u8> {
    let mut source = source(app, file)?;
    let folder = tempfile::tempdir()?;
    // A check of a copy of SQLite needs no ledger of its own, one of PostgreSQL needs the database.
    let names = Names::beside(&folder.path().join("check"))?;
    let manifest = backup::verify(&app.url()?, &names.copy, &mut source, app.now()).await.map_err(refusal)?;
    let (orders, when) = (manifest.orders(), manifest.made_at.to_japan_text());
    app.out.say(
        format!("開けました。{when}の台帳で、受注は{orders}件です。中身と履歴は合っています。"),
        format!("It opens: the ledger of {when} with {orders} orders; contents and history agree."),
    );
    app.out.object(&told(&manifest))?;
    Ok(0)
}

fn told(manifest: &Manifest) -> Value {
    json!({ "made_at": manifest.made_at.to_japan_text(), "program": manifest.program, "orders": manifest.orders(),
        "rows": manifest.rows, "verified": true })
}

async fn restore(app: &App, file: &Path, force: bool) -> Result<u8> {
    let mut source = source(app, file)?;
    let (manifest, aside) = match app.url()? {
        DbUrl::Sqlite(database) => {
            if !force && is_occupied(&database) {
                return Err(refusal(BackupError::Occupied));
            }
            if let Some(folder) = app.folder() {
                make_private_folder(&folder)?;
            }
            // It gets its name when all is well: a ledger half written is never taken for one.
            let names = Names::beside(&database)?;
            let url = DbUrl::Sqlite(names.part.clone());
            let restored = backup::restore(&url, Target::Empty, &mut source, app.now()).await;
            let manifest = restored.map_err(refusal)?;
            let aside = match is_occupied(&database) {
                true => Some(backup::set_aside(&database, app.now()).await.map_err(refusal)?),
                false => None,
            };
            std::fs::rename(&names.part, &database).with_context(|| database.display().to_string())?;
            sync_folder(&database)?;
            (manifest, aside.map(|path| path.display().to_string()))
        }
        url @ DbUrl::Postgres(_) => {
            let target = if force { Target::InPlaceOf } else { Target::Empty };
            let manifest = backup::restore(&url, target, &mut source, app.now()).await.map_err(refusal)?;
            (manifest, force.then(|| "schema choba_before_…".to_owned()))
        }
    };
    let (orders, when) = (manifest.orders(), manifest.made_at.to_japan_text());
    app.out.say(
        format!("{when}の台帳を復元しました（受注{orders}件）。"),
        format!("Restored the ledger of {when} ({orders} orders)."),
    );
    if let Some(aside) = &aside {
        app.out.say(
            format!("前の台帳は {aside} に残してあります。"),
            format!("The old ledger is kept as {aside}."),
        );
    }
    app.out.say(
        "モールへの送信は止めてあります。choba serve を動かすと、モールの今の状態を読み戻します。\n「復元の確認」の画面か choba restore --review で送信内容を確かめ、choba restore --release で再開してください。",
        "Nothing is sent to the malls for now. Run choba serve: it reads the malls back. Look at choba restore --review, then choba restore --release.",
    );
    let mut told = told(&manifest);
    if let Some(map) = told.as_object_mut() {
        map.insert("set_aside".to_owned(), json!(aside));
        map.insert("paused".to_owned(), json!(true));
    }
    app.out.object(&told)?;
    Ok(0)
}

/// A ledger is there, or what is left of one: a log without its file must not meet another file.
fn is_occupied(database: &Path) -> bool {
    ["", "-wal", "-shm", "-journal"].iter().any(|end| {
        let mut name = database.to_owned().into_os_string();
        name.push(end);
        Path::new(&name).exists()
    })
}

async fn review(app: &App) -> Result<(std::sync::Arc<store::Ledger>, Review)> {
    let ledger = app.ledger().await?;
    match restored::review(&ledger, &malls::by_key, app.now()).await? {
        Some(review) => Ok((ledger, review)),
        None => {
            let ja = "この台帳は、復元されたものではありません";
            Err(Refusal::new("not_restored", ja, "this ledger was not restored").into())
        }
    }
}

fn shop_json(shop: &ShopReview) -> Value {
    json!({
        "shop": shop.shop.name, "read_back": shop.is_read_back(), "not_read_back": shop.open,
        "not_given": shop.not_given, "same": shop.same, "shipped_at_mall": shop.shipped_count,
        "waiting": shop.waiting.iter().map(|w| json!({ "kind": w.kind, "order_no": w.seq.order_no(), "mall_order_id": w.mall_order_id })).collect::<Vec<_>>(),
        "due": shop.due.iter().map(|(kind, seq, id)| json!({ "kind": kind, "order_no": seq.order_no(), "mall_order_id": id })).collect::<Vec<_>>(),
        "reason": shop.held,
    })
}

async fn show(app: &App) -> Result<u8> {
    let (_, review) = review(app).await?;
    for shop in &review.shops {
        app.out.object(&shop_json(shop))?;
    }
    let rows = review.shops.iter().map(|shop| {
        let state = match (shop.is_read_back(), &shop.held) {
            (true, _) => app.out.t("○ 済み", "○ done").to_owned(),
            (false, None) => app.out.t("△ 読み戻し中", "△ under way").to_owned(),
            (false, Some(reason)) => format!("× {}", app.out.t(&reason.ja, &reason.en)),
        };
        let count = |n: usize| n.to_string();
        vec![
            shop.shop.name.clone(),
            state,
            shop.open.to_string(),
            shop.shipped_count.to_string(),
            count(shop.waiting.len()),
            count(shop.due.len()),
        ]
    });
    app.out.table(
        &[
            ("店舗", "shop"),
            ("読み戻し", "read back"),
            ("未確認", "open"),
            ("発送済み（正常に）", "shipped there"),
            ("送信待ち", "waiting"),
            ("再開すると送る", "would be sent"),
        ],
        rows.collect(),
    );
    for shop in &review.shops {
        for (kind, seq, id) in &shop.due {
            let words = format!("{} {} {id}（{}）", shop.shop.name, kind.as_str(), seq.order_no());
            app.out.say(&words, &words);
        }
    }
    Ok(0)
}

async fn release(app: &App, unread: bool) -> Result<u8> {
    let (ledger, review) = review(app).await?;
    let open: Vec<&str> =
        review.shops.iter().filter(|s| !s.is_read_back()).map(|s| s.shop.name.as_str()).collect();
    if !open.is_empty() && !unread {
        let names = open.join("、");
        let refusal = Refusal::new(
            "not_read_back",
            format!("読み戻しの終わっていない店舗があります（{names}）"),
            format!("not read back yet: {}", open.join(", ")),
        );
        let remedy = "choba serve を動かして待つか、承知のうえで --unread を付けてください（送る前に必ずモールを確かめます）。";
        return Err(refusal.remedy(remedy).into());
    }
    let released = ledger.release_restored(&By::Cli, app.now()).await?;
    app.out.say(
        if released {
            "モールへの送信を再開しました"
        } else {
            "送信は止まっていません"
        },
        if released { "Writing goes on" } else { "Writing was not paused" },
    );
    app.out.object(&json!({ "released": released }))?;
    Ok(0)
}
