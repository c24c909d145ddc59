//! 帳場: the program.

mod bench;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "choba", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures the program, each figure as a ratio within one run (docs/performance.md)
    Bench(bench::Bench),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Bench(bench) => bench::run(bench).await,
    }
}
