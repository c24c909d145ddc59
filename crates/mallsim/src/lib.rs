//! The malls on your own machine.
//!
//! A simulated mall is written from the mall's public documents and from nothing else: it must not know our
//! adapters, so that a misreading in one of them cannot be repeated here. It uses no other crate of the workspace.
//!
//! * [`Sim::handle`] is the whole mall as a pure function of request and time: in-process callers use it directly
//!   (`Arc<Mutex<Sim>>`), and [`serve`] puts it behind real sockets.
//! * The world (shops, buyers, orders) grows from a seed and moves only when time is given to it.
//! * Faults are a plan of rules ([`Rule`], [`Action`]); what the mall really did is kept by the mall itself in
//!   [`Effects`], the oracle tests compare with.
//! * `/_sim/…` paths control all of it, over HTTP as well as in process.
//!
//! Everything here is invented: no name, address, phone number or mail address belongs to anyone.

mod amazon;
mod control;
mod effects;
mod faults;
mod http;
mod json;
mod jst;
mod mall;
mod pace;
mod pages;
mod people;
mod rakuten;
mod settings;
mod sim;
mod wire;
mod yahoo;

pub use amazon::settings::AmazonSettings;
pub use amazon::traits::AmazonTrait;
pub use effects::{Counters, Duplicate, Effect, Effects, Entry};
pub use faults::{Action, Rule, When};
pub use http::{SharedSim, router, serve, shared};
pub use mall::{OrderView, ShopView};
pub use rakuten::traits::Trait;
pub use settings::{DateFormat, Pace, RakutenSettings, Settings, WorldSettings};
pub use sim::{Clock, Sim, SimConfig};
pub use wire::{End, Outcome, Reply, Request};
pub use yahoo::{Consent, YahooSettings, YahooTrait};
