//! Which orders were chosen: ticked one by one, or all of a list. They travel from step to step in a sealed ticket that
//! only the same person can use.

use super::super::filter::ListQuery;
use crate::desk::Desk;
use crate::door::Visitor;
use crate::refusal::Refusal;
use domain::{OrderSeq, Reason};
use engine::bulk::MOST;
use serde::{Deserialize, Serialize};
use store::Access;
use store::orders::ListRow;

/// A dialog may stand open so long, milliseconds.
pub(super) const OPEN_MS: i64 = 2 * domain::time::HOUR;
const KIND: &str = "bulk_pick";
/// Orders a link to a print page can carry.
pub(super) const PRINTED_AT_ONCE: usize = 2_000;

/// The chosen orders, in the order of the list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Picked {
    /// Whose choice it is.
    pub(super) user: i64,
    /// Orders.
    pub(super) seqs: Vec<OrderSeq>,
    /// The list to go back to, as a query.
    pub(super) back: String,
    /// There were more than one job takes.
    pub(super) cut: bool,
}

/// What to say to a ticket that is over or somebody else's.
pub(super) fn over() -> Refusal {
    let reason = Reason::new(
        "selection_over",
        "選択の期限が切れました",
        "受注一覧で選びなおしてください。",
        "This selection has expired; select again",
    );
    Refusal::new(axum::http::StatusCode::GONE, reason)
}

impl Picked {
    /// From the form of the list. Orders that may not be seen are left out.
    pub(super) async fn read(
        desk: &Desk,
        visitor: &Visitor,
        ids: &[i64],
        all: bool,
        query: &str,
    ) -> Result<Self, Refusal> {
        let list: ListQuery = serde_html_form::from_str(query)
            .map_err(|_| Refusal::field("query", "一覧の条件を読み取れません", "is no list"))?;
        let list = ListQuery { job: String::new(), ..list.from_start() };
        let access = Access { buyer_data: false, ..visitor.access() };
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let mut seqs = if all && list.s.is_empty() {
            let (filter, conditions) = list.read(1)?;
            desk.ledger().filtered_seqs(&access, &filter, &conditions, most + 1).await?
        } else {
            let wanted: Vec<OrderSeq> = ids.iter().map(|id| OrderSeq(*id)).collect();
            let rows = desk.ledger().list_by_seqs(&access, &wanted).await?;
            let seen: std::collections::BTreeSet<OrderSeq> = rows.into_iter().map(|r| r.seq).collect();
            wanted.into_iter().filter(|seq| seen.contains(seq)).collect()
        };
        let cut = seqs.len() > MOST;
        seqs.truncate(MOST);
        if seqs.is_empty() {
            return Err(Refusal::field("id", "受注を選んでください", "no order is selected"));
        }
        let back = if list == ListQuery::default() { "all=1".to_owned() } else { list.to_query() };
        Ok(Self { user: visitor.user_id, seqs, back, cut })
    }

    /// As a ticket.
    pub(super) fn seal(&self, desk: &Desk) -> Result<String, Refusal> {
        let text = serde_json::to_string(self).map_err(|_| Refusal::inside())?;
        Ok(desk.ledger().seal_ticket(KIND, &text, desk.now().plus(OPEN_MS))?)
    }

    /// From a ticket.
    pub(super) fn open(desk: &Desk, visitor: &Visitor, ticket: &str) -> Result<Self, Refusal> {
        let text = desk.ledger().open_ticket(KIND, ticket, desk.now()).ok_or_else(over)?;
        let picked: Self = serde_json::from_str(&text).map_err(|_| over())?;
        if picked.user == visitor.user_id { Ok(picked) } else { Err(over()) }
    }

    /// As a ticket for the print pages of 出荷・印刷.
    pub(super) fn print_ticket(&self, desk: &Desk) -> Result<String, Refusal> {
        let list: Vec<String> = self.seqs.iter().take(PRINTED_AT_ONCE).map(|seq| seq.0.to_string()).collect();
        Ok(desk.ledger().seal_ticket("print", &list.join(","), desk.now().plus(OPEN_MS))?)
    }

    /// Rows of the chosen orders, without people.
    pub(super) async fn rows(&self, desk: &Desk, visitor: &Visitor) -> Result<Vec<ListRow>, Refusal> {
        let access = Access { buyer_data: false, ..visitor.access() };
        Ok(desk.ledger().list_by_seqs(&access, &self.seqs).await?)
    }
}
