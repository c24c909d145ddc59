//! Card numbers in free text: no mall's document may bring one into the ledger (PCI). Knows no mall.

/// Removes what may be a card number (PCI): 13–19 digits that pass Luhn, in one run or in groups as on a card.
/// `None`: nothing was removed.
pub(crate) fn mask_cards(text: &str) -> Option<String> {
    if text.chars().filter(|c| digit(*c).is_some()).count() < 13 {
        return None;
    }
    let mut chars: Vec<char> = text.chars().collect();
    let groups = digit_groups(&chars);
    let mut masked = false;
    let mut from = 0;
    while from < groups.len() {
        let taken = card_groups(&chars, groups.get(from..).unwrap_or_default());
        for (start, end) in groups.iter().skip(from).take(taken) {
            chars.iter_mut().take(*end).skip(*start).for_each(|c| *c = '*');
            masked = true;
        }
        from += taken.max(1);
    }
    masked.then(|| chars.into_iter().collect())
}

/// A half-width or full-width digit.
fn digit(c: char) -> Option<u32> {
    match c {
        '0'..='9' => c.to_digit(10),
        '０'..='９' => Some(c as u32 - '０' as u32),
        _ => None,
    }
}

/// Start and end of each run of digits.
fn digit_groups(chars: &[char]) -> Vec<(usize, usize)> {
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for (at, c) in chars.iter().enumerate() {
        if digit(*c).is_none() {
            continue;
        }
        match groups.last_mut() {
            Some((_, end)) if *end == at => *end = at + 1,
            _ => groups.push((at, at + 1)),
        }
    }
    groups
}

/// How many of the first groups make up a card number; 0 = none.
fn card_groups(chars: &[char], groups: &[(usize, usize)]) -> usize {
    let mut digits: Vec<u32> = Vec::new();
    let mut last_end = None;
    for (count, (start, end)) in groups.iter().enumerate() {
        let joined = last_end.is_none_or(|last| {
            last + 1 == *start && chars.get(last).is_some_and(|c| matches!(c, ' ' | '-' | '　' | '－' | '‐'))
        });
        // Written in groups, a card has 3 to 6 digits each; an order number (6-8-10) does not.
        let grouped_ok = |(s, e): &(usize, usize)| (3..=6).contains(&(e - s));
        let form_ok = count == 0 || groups.iter().take(count + 1).all(grouped_ok);
        digits.extend(chars.iter().take(*end).skip(*start).filter_map(|c| digit(*c)));
        if !joined || !form_ok || digits.len() > 19 {
            return 0;
        }
        if digits.len() >= 13 && luhn(&digits) {
            return count + 1;
        }
        last_end = Some(*end);
    }
    0
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, d)| match place % 2 {
            0 => *d,
            _ if *d > 4 => d * 2 - 9,
            _ => d * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}
