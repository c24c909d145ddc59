//! 分割: one order shipped in several parcels, each with its part of the goods. What may be taken out of a parcel, and what
//! stays. Knows lines by key and units, no titles and no prices.

use crate::order::Parcel;
use crate::snapshot::ParcelLine;
use crate::{ParcelId, Reason, reason};

/// A line as far as a split asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitLine {
    /// Key of the line in the snapshot.
    pub line_key: String,
    /// Mall key of the recipient.
    pub recipient_key: String,
    /// Units that are not cancelled.
    pub units: i64,
}

/// A split that may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Whose goods they are.
    pub recipient_key: String,
    /// The parcel they are taken out of; `None`: there is none yet.
    pub from: Option<ParcelId>,
    /// What stays in it.
    pub stays: Vec<ParcelLine>,
    /// What goes into the new parcel.
    pub goes: Vec<ParcelLine>,
}

/// Takes `chosen` out of the first parcel of their recipient.
///
/// # Errors
/// The reason it cannot be done: nothing or everything chosen, an unknown line or more than there is, goods of two
/// recipients, a parcel that the mall knows already, several parcels whose contents nobody said.
pub fn split(lines: &[SplitLine], parcels: &[Parcel], chosen: &[ParcelLine]) -> Result<Split, Reason> {
    let goes: Vec<ParcelLine> = chosen.iter().filter(|c| c.quantity != 0).cloned().collect();
    let line = |key: &str| lines.iter().find(|l| l.line_key == key);
    let first = goes.first().ok_or_else(reason::split_nothing)?;
    let recipient =
        line(&first.line_key).map(|l| l.recipient_key.clone()).ok_or_else(reason::split_too_much)?;
    let theirs: Vec<&Parcel> = parcels.iter().filter(|p| p.recipient_key == recipient).collect();
    let from = theirs.iter().min_by_key(|p| p.parcel_id).copied();
    if from.is_some_and(|p| p.sent_version > 0) {
        return Err(reason::split_sent());
    }
    if theirs.len() > 1 && theirs.iter().any(|p| p.contents.is_empty()) {
        return Err(reason::split_contents_unsaid());
    }
    let mut stays = match from {
        Some(parcel) if !parcel.contents.is_empty() => parcel.contents.clone(),
        _ => everything_of(lines, &recipient),
    };
    for part in &goes {
        if line(&part.line_key).is_some_and(|l| l.recipient_key != recipient) {
            return Err(reason::several_recipients());
        }
        let there = stays.iter_mut().find(|s| s.line_key == part.line_key);
        let there = there.filter(|t| (1..=t.quantity).contains(&part.quantity));
        there.ok_or_else(reason::split_too_much)?.quantity -= part.quantity;
    }
    stays.retain(|s| s.quantity > 0);
    if stays.is_empty() {
        return Err(reason::split_everything());
    }
    Ok(Split { recipient_key: recipient, from: from.map(|p| p.parcel_id), stays, goes })
}

fn everything_of(lines: &[SplitLine], recipient: &str) -> Vec<ParcelLine> {
    let theirs = lines.iter().filter(|l| l.recipient_key == recipient && l.units > 0);
    theirs.map(|l| ParcelLine { line_key: l.line_key.clone(), quantity: l.units }).collect()
}

/// The parcels that go when a split is taken back: all but the first of each recipient.
///
/// # Errors
/// The mall knows one of them already, or there is no split.
pub fn unsplit(parcels: &[Parcel]) -> Result<Vec<ParcelId>, Reason> {
    let is_first =
        |p: &Parcel| !parcels.iter().any(|o| o.recipient_key == p.recipient_key && o.parcel_id < p.parcel_id);
    let said = parcels.iter().filter(|p| !p.contents.is_empty());
    if said.clone().any(|p| p.sent_version > 0) {
        return Err(reason::split_sent());
    }
    let gone: Vec<ParcelId> = said.filter(|p| !is_first(p)).map(|p| p.parcel_id).collect();
    if gone.is_empty() { Err(reason::split_nothing()) } else { Ok(gone) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(key: &str, recipient: &str, units: i64) -> SplitLine {
        SplitLine { line_key: key.into(), recipient_key: recipient.into(), units }
    }

    fn part(key: &str, quantity: i64) -> ParcelLine {
        ParcelLine { line_key: key.into(), quantity }
    }

    fn parcel(id: i64, recipient: &str, contents: Vec<ParcelLine>) -> Parcel {
        Parcel {
            parcel_id: ParcelId(id),
            recipient_key: recipient.into(),
            carrier: None,
            tracking_number: String::new(),
            shipped_on: None,
            version: 1,
            mall_ref: None,
            sent_version: 0,
            contents,
        }
    }

    fn code<T>(result: Result<T, Reason>) -> String {
        result.err().map(|r| r.code).unwrap_or_default()
    }

    #[test]
    fn what_is_chosen_goes_and_the_rest_stays_desk2() {
        let lines = [line("1", "a", 3), line("2", "a", 1), line("3", "b", 1), line("4", "a", 0)];
        let done = split(&lines, &[], &[part("1", 2), part("2", 0)]).unwrap();
        assert_eq!(done.from, None);
        assert_eq!((done.stays, done.goes), (vec![part("1", 1), part("2", 1)], vec![part("1", 2)]));
        // Again, out of what stayed.
        let there = [parcel(8, "a", vec![part("1", 2)]), parcel(7, "a", vec![part("1", 1), part("2", 1)])];
        let done = split(&lines, &there, &[part("2", 1)]).unwrap();
        assert_eq!((done.from, done.stays), (Some(ParcelId(7)), vec![part("1", 1)]));
    }

    #[test]
    fn no_unit_is_shipped_twice_or_forgotten_by_a_split_desk2() {
        let lines = [line("1", "a", 3), line("3", "b", 1)];
        let told = |parcels: &[Parcel], chosen: &[ParcelLine]| code(split(&lines, parcels, chosen));
        assert_eq!(told(&[], &[]), "split_nothing");
        assert_eq!(told(&[], &[part("1", 4)]), "split_too_much");
        assert_eq!(told(&[], &[part("1", -1)]), "split_too_much");
        assert_eq!(told(&[], &[part("1", 2), part("1", 2)]), "split_too_much");
        assert_eq!(told(&[], &[part("9", 1)]), "split_too_much");
        assert_eq!(told(&[], &[part("1", 3)]), "split_everything");
        assert_eq!(told(&[], &[part("1", 1), part("3", 1)]), "several_recipients");
        let split_once = [parcel(7, "a", vec![part("1", 1)]), parcel(8, "a", vec![part("1", 2)])];
        assert_eq!(told(&split_once, &[part("1", 2)]), "split_too_much");
        let unsaid = [parcel(7, "a", Vec::new()), parcel(8, "a", Vec::new())];
        assert_eq!(told(&unsaid, &[part("1", 1)]), "split_contents_unsaid");
        let sent = [Parcel { sent_version: 1, ..parcel(7, "a", Vec::new()) }];
        assert_eq!(told(&sent, &[part("1", 1)]), "split_sent");
    }

    #[test]
    fn a_split_is_taken_back_until_the_mall_knows_of_it_desk2() {
        let mut parcels = vec![
            parcel(9, "a", vec![part("1", 1)]),
            parcel(7, "a", vec![part("1", 2)]),
            parcel(8, "b", Vec::new()),
        ];
        assert_eq!(unsplit(&parcels).unwrap(), [ParcelId(9)]);
        assert_eq!(code(unsplit(&parcels[2..])), "split_nothing");
        parcels[1].sent_version = 1;
        assert_eq!(code(unsplit(&parcels)), "split_sent");
    }
}
