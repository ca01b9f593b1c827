//! The items of the shop. They are part of the program: a database is one of the lab's later chapters.

use serde::Serialize;

/// Something that can be bought.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    pub id: &'static str,
    pub name: &'static str,
    /// In the shop's one currency.
    pub price: f64,
    pub stock: u32,
}

/// All items. A real catalog would ask a database here, and `find` would be an index.
#[derive(Debug, Clone, Copy)]
pub struct Stock(&'static [Item]);

impl Stock {
    pub fn of_the_shop() -> Self {
        Self(&ITEMS)
    }

    pub fn all(self) -> &'static [Item] {
        self.0
    }

    pub fn find(self, id: &str) -> Option<&'static Item> {
        self.0.iter().find(|item| item.id == id)
    }
}

const fn item(id: &'static str, name: &'static str, price: f64, stock: u32) -> Item {
    Item { id, name, price, stock }
}

static ITEMS: [Item; 10] = [
    item("1", "Field notebook", 19.99, 120),
    item("2", "Brass pen", 34.5, 42),
    item("3", "Desk lamp", 79.0, 17),
    item("4", "Tea kettle", 54.25, 23),
    item("5", "Wool blanket", 89.9, 31),
    item("6", "Travel mug", 24.0, 200),
    item("7", "Canvas bag", 39.95, 75),
    item("8", "Alarm clock", 29.49, 60),
    item("9", "Pocket radio", 44.0, 12),
    item("10", "Star chart", 14.75, 300),
];
