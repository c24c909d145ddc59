//! An order taken apart by the shop (document 5.5): A becomes a dead parent, B and C live on.

use super::Yahoo;
use super::order::{Change, Money, Order, status};
use super::traits::YahooTrait as Trait;

impl Yahoo {
    /// Splits an order of two lines or more that waits for nothing and was not split before; gives the two new ids.
    pub(crate) fn split(&mut self, index: usize, person: &str, now_ms: i64) -> Option<[String; 2]> {
        let parent = self.orders.get(index)?.clone();
        let calm = parent.order_status == status::WORKING
            && !parent.held()
            && parent.receiver.is_none()
            && parent.settle_status != Some(2);
        if !parent.active() || parent.items.len() < 2 || !calm {
            return None;
        }
        let (first, second) = parent.items.split_at(parent.items.len() / 2);
        let halves = [first.to_vec(), second.to_vec()];
        let ids = [self.next_id(parent.shop)?, self.next_id(parent.shop)?];
        for (n, items) in halves.into_iter().enumerate() {
            let mut child = Order {
                id: ids.get(n)?.clone(),
                parent: Some(parent.id.clone()),
                items,
                version: 1,
                updated_ms: now_ms,
                history: vec![Change {
                    at_ms: now_ms,
                    person: person.to_owned(),
                    fields: vec![("ParentOrderId".to_owned(), parent.id.clone())],
                }],
                ..parent.clone()
            };
            for (item, line) in child.items.iter_mut().zip(1..) {
                item.line = line;
            }
            // charges and deductions stay with the first half
            if n == 1 {
                child.money = Money::default();
            }
            child.money.points = (child.money.points + child.total().min(0)).max(0);
            child.traits.retain(|t| *t != Trait::Split);
            self.insert(child);
        }
        let order = self.orders.get_mut(index)?;
        order.children = ids.to_vec();
        self.touch(index, person, &[("ChildOrderId", ids.join(","))], now_ms);
        Some(ids)
    }

    fn next_id(&mut self, shop: usize) -> Option<String> {
        let owner = self.shops.get_mut(shop)?;
        owner.made += 1;
        Some(format!("{}-{}", owner.seller, 10_000_000 + owner.made))
    }
}
