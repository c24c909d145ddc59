//! The command line: one file a family of commands. Options and fields are stable; scripts rely on them.

pub mod app;
pub mod authorise;
pub mod automation;
pub mod backup;
pub mod carrier;
pub mod credential;
pub mod doctor;
pub mod errors;
pub mod find;
pub mod import;
pub mod import_file;
pub mod key;
pub mod link;
pub mod listener;
pub mod mail;
pub mod mallsim;
pub mod notice;
pub mod notify;
pub mod notify_file;
pub mod order;
pub mod order_change;
pub mod out;
pub mod phase;
pub mod proof;
pub mod quarantine;
pub mod refusal;
pub mod restore;
pub mod rule;
pub mod shop;
pub mod shop_set;
pub mod user;
pub mod why;
pub mod work;

use anyhow::Result;
use app::{App, Global};
use clap::{Parser, Subcommand};

/// 帳場：モールの受注を一冊の台帳に。出荷はモールへ、二重になりません。
///
/// Orders of Japanese online malls in one ledger, each exactly once; shipments back, never twice.
#[derive(Debug, Parser)]
#[command(name = "choba", version, max_term_width = 100)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 試す：モールの模擬と店舗2つで一通り動かす / everything at once with simulated malls
    Demo(crate::demo::Args),
    /// 動かし続ける：自動取込・自動通知とHTTP / run for good, with HTTP
    Serve(crate::serve::ServeArgs),
    /// 動かし続ける（HTTPなし） / run for good, without HTTP
    Work,
    /// 店舗 / shops
    #[command(subcommand)]
    Shop(shop::Cmd),
    /// 認証情報 / credentials
    #[command(subcommand)]
    Credential(credential::Cmd),
    /// 受注取込 / bring orders in
    Import(import::Args),
    /// 注文再取込 / fetch chosen orders again
    Reimport(import::ReimportArgs),
    /// 受注 / orders
    #[command(subcommand)]
    Order(order::Cmd),
    /// 出荷通知 / tell the malls what was shipped
    Notify(notify::Args),
    /// 連携ステータス / states of notices
    #[command(subcommand)]
    Notice(notice::Cmd),
    /// 自動処理の開始・停止 / automatic processing
    #[command(subcommand)]
    Automation(automation::Cmd),
    /// 処理フェーズ / phases
    #[command(subcommand)]
    Phase(phase::Cmd),
    /// 出荷通知・注文確認の対象と移動先 / rules by result
    #[command(subcommand)]
    Rule(rule::Cmd),
    /// 紐付け設定：フェーズとモールステータス / mall statuses by phase
    #[command(subcommand)]
    Link(link::Cmd),
    /// 新着の知らせ：メールボックスとキュー / mailboxes and queues that say that there is something new
    #[command(subcommand)]
    Listener(listener::Cmd),
    /// 配送業者 / carriers
    #[command(subcommand)]
    Carrier(carrier::Cmd),
    /// メールの設定と送ったメール / letters that go out
    #[command(subcommand)]
    Mail(mail::Cmd),
    /// 取込エラー / orders that could not be read
    #[command(subcommand)]
    Quarantine(quarantine::Cmd),
    /// 見つからない受注・通知されない受注の理由 / why an order is not here, or was not notified
    Why(why::Args),
    /// エラー一覧 / every error code, its cause and its mend
    Errors(errors::Args),
    /// ユーザー / people of the back office
    #[command(subcommand)]
    User(user::Cmd),
    /// マスターキー / the master key
    #[command(subcommand)]
    Key(key::Cmd),
    /// バックアップを作り、開いて確かめる / make a backup and check it by opening it
    Backup(backup::Args),
    /// バックアップから復元する、復元の後に送信を再開する / restore, and let writing go on afterwards
    Restore(restore::Args),
    /// 取込の証明 / what the malls list against what the ledger has, day by day
    Proof(proof::Args),
    /// 点検 / is this installation healthy?
    Doctor(doctor::Args),
    /// モールの模擬だけを動かす / simulated malls alone
    Mallsim(mallsim::Args),
    /// 測る：この機械での速さ / measure this machine
    Bench(crate::bench::Bench),
}

/// Runs a command and says its exit code.
pub async fn run(cli: Cli) -> Result<u8> {
    let app = App::new(cli.global);
    match &cli.command {
        Command::Demo(_) => {}
        Command::Serve(_) | Command::Work => crate::serve::log_to_stderr(app.out.json, "info")?,
        _ => crate::serve::log_to_stderr(app.out.json, "error")?,
    }
    match cli.command {
        Command::Demo(args) => crate::demo::run(&app, args).await,
        Command::Serve(args) => crate::serve::serve(&app, args).await,
        Command::Work => crate::serve::work(&app).await,
        Command::Shop(cmd) => shop::run(&app, cmd).await,
        Command::Credential(cmd) => credential::run(&app, cmd).await,
        Command::Import(args) => import::run(&app, args).await,
        Command::Reimport(args) => import::reimport(&app, args).await,
        Command::Order(cmd) => order::run(&app, cmd).await,
        Command::Notify(args) => notify::run(&app, args).await,
        Command::Notice(cmd) => notice::run(&app, cmd).await,
        Command::Automation(cmd) => automation::run(&app, cmd).await,
        Command::Phase(cmd) => phase::run(&app, cmd).await,
        Command::Rule(cmd) => rule::run(&app, cmd).await,
        Command::Link(cmd) => link::run(&app, cmd).await,
        Command::Listener(cmd) => listener::run(&app, cmd).await,
        Command::Carrier(cmd) => carrier::run(&app, cmd).await,
        Command::Mail(cmd) => mail::run(&app, cmd).await,
        Command::Quarantine(cmd) => quarantine::run(&app, cmd).await,
        Command::Why(args) => why::run(&app, args).await,
        Command::Errors(args) => errors::run(&app, args).await,
        Command::User(cmd) => user::run(&app, cmd).await,
        Command::Key(cmd) => key::run(&app, cmd).await,
        Command::Backup(args) => backup::run(&app, args).await,
        Command::Restore(args) => restore::run(&app, args).await,
        Command::Proof(args) => proof::run(&app, args).await,
        Command::Doctor(args) => doctor::run(&app, &args).await,
        Command::Mallsim(args) => mallsim::run(&app, args).await,
        Command::Bench(bench) => crate::bench::run(bench, app.out.json).await.map(|()| 0),
    }
}
