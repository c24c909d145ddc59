//! stub
use crate::cli::app::App;
#[derive(Debug, clap::Args)]
pub struct Args {}
pub async fn run(_: &App, _: Args) -> anyhow::Result<u8> { Ok(0) }
