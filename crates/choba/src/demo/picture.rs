//! What the demo shows: shops, phases, notices and the last events.

use crate::cli::app::App;
use crate::cli::find;
use crate::cli::out::{Lang, short_time, table};
use anyhow::Result;
use domain::notice::NoticeState;
use domain::{OrderSeq, PhaseKey};
use std::collections::{BTreeMap, VecDeque};
use store::orders::ListFilter;
use store::{Access, Ledger};

/// Events kept.
const EVENTS: usize = 8;

/// One look at the ledger after the other.
#[derive(Default)]
pub struct Picture {
    lang: Lang,
    shops: Vec<Vec<String>>,
    phases: Vec<(String, i64)>,
    states: BTreeMap<String, i64>,
    seen: BTreeMap<OrderSeq, (PhaseKey, NoticeState)>,
    events: VecDeque<String>,
    began: bool,
}

impl Picture {
    /// Looks and says what is new.
    pub async fn look(&mut self, app: &App, ledger: &Ledger) -> Result<Vec<String>> {
        self.lang = app.out.lang;
        let counts = ledger.phase_counts().await?;
        self.shops.clear();
        for shop in ledger.shops().await? {
            let orders: i64 = counts.iter().filter(|((id, _), _)| *id == shop.shop_id).map(|(_, n)| n).sum();
            let last = ledger.newest_runs(shop.shop_id, 1).await?.pop();
            self.shops.push(vec![
                shop.name.clone(),
                orders.to_string(),
                last.map(|r| short_time(r.updated_at)).unwrap_or_default(),
                shop.held_reason.map_or_else(|| "—".to_owned(), |r| r.ja),
            ]);
        }
        let names = ledger.phases().await?;
        let total =
            |phase: &PhaseKey| counts.iter().filter(|((_, p), _)| p == phase.as_str()).map(|(_, n)| *n).sum();
        self.phases = names.iter().map(|p| (p.name.clone(), total(&p.phase))).collect();
        self.states = ledger.state_counts().await?;
        let news = self.news(app, ledger).await?;
        for event in &news {
            self.events.push_back(event.clone());
        }
        while self.events.len() > EVENTS {
            self.events.pop_front();
        }
        Ok(news)
    }

    async fn news(&mut self, app: &App, ledger: &Ledger) -> Result<Vec<String>> {
        let phases = find::phase_names(ledger).await?;
        let name = |p: &PhaseKey| phases.get(p).cloned().unwrap_or_else(|| p.0.clone());
        let access = Access { shops: None, buyer_data: false };
        let filter = ListFilter { limit: 200, ..ListFilter::default() };
        let time = short_time(app.now());
        let mut news = Vec::new();
        for row in ledger.list_orders(&access, &filter).await?.into_iter().rev() {
            let now = (row.phase.clone(), row.notice_state);
            let id = &row.mall_order_id;
            match self.seen.insert(row.seq, now.clone()) {
                None if self.began => news.push(format!("{time}  {id}  取込（{}）", row.mall_status_label)),
                None => {}
                Some(before) => {
                    if before.1 != now.1 {
                        news.push(format!(
                            "{time}  {id}  出荷通知：{} → {}",
                            before.1.label_ja(),
                            now.1.label_ja()
                        ));
                    }
                    if before.0 != now.0 {
                        news.push(format!("{time}  {id}  {} → {}", name(&before.0), name(&now.0)));
                    }
                }
            }
        }
        self.began = true;
        Ok(news)
    }

    /// The picture as lines.
    pub fn lines(&self) -> Vec<String> {
        let shops = [("店舗", "shop"), ("受注", "orders"), ("最後の取込", "last import"), ("保留", "held")];
        let mut text = table(self.lang, &shops, self.shops.clone());
        text.push('\n');
        let filled: Vec<&(String, i64)> = self.phases.iter().filter(|(_, n)| *n > 0).collect();
        let headings = [("フェーズ", "phase"), ("受注", "orders"), ("", "")];
        let bars = filled.iter().map(|(name, n)| {
            let bar = "▇".repeat(usize::try_from((*n).min(40)).unwrap_or(0));
            vec![name.clone(), n.to_string(), bar]
        });
        text.push_str(&table(self.lang, &headings, bars.collect()));
        text.push('\n');
        let count = |state: &str| self.states.get(state).copied().unwrap_or_default();
        let done = self.seen.values().filter(|(_, s)| *s == NoticeState::Applied).count();
        text.push_str(&format!(
            " 出荷通知：正常 {done}　連携中 {}（結果確認中 {}）　エラー {}　通知失敗 {}　通知結果取得失敗 {}　取込エラー {}\n\n",
            count("in_flight"),
            count("confirming"),
            count("rejected"),
            count("send_failed"),
            count("result_unknown"),
            count("quarantined"),
        ));
        text.push_str(if self.lang == Lang::Ja { " 最近のできごと\n" } else { " last events\n" });
        for event in &self.events {
            text.push_str(&format!("   {event}\n"));
        }
        text.lines().map(str::to_owned).collect()
    }
}
