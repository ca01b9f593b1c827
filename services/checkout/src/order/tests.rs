use serde_json::json;

use super::*;

#[test]
fn a_good_order_and_its_total() {
    let order = Order::read(&json!({"items": [
        {"id": "1", "price": 19.99, "quantity": 3},
        {"id": "2", "price": 0, "quantity": 1, "note": "unknown members are passed over"},
    ], "coupon": null}))
    .unwrap();
    assert_eq!(order.total_cents(), 5997);
}

#[test]
fn the_largest_order_does_not_overflow() {
    let items = vec![json!({"id": "1", "price": MAX_PRICE, "quantity": MAX_QUANTITY}); MAX_ITEMS];
    assert_eq!(Order::read(&json!({"items": items})).unwrap().total_cents(), 10_000_000_000_000);
}

#[test]
fn every_error_names_its_field() {
    let item = |item: Value| json!({"items": [{"id": "1", "price": 1, "quantity": 1}, item]});
    for (body, expected) in [
        (json!(null), "body: found null, expected an object"),
        (json!([]), "body: found [], expected an object"),
        (json!({}), "items: found nothing, expected a list of items"),
        (json!({"items": "x"}), "items: found \"x\", expected a list of items"),
        (json!({"items": []}), "items: the order is empty"),
        (json!({"items": vec![0; 101]}), "items: found 101 items, expected at most 100"),
        (item(json!(1)), "items[1]: found 1, expected an object"),
        (item(json!({})), "items[1].id: found nothing, expected a text of 1 to 64 bytes"),
        (item(json!({"id": 7})), "items[1].id: found 7, expected a text of 1 to 64 bytes"),
        (item(json!({"id": ""})), "items[1].id: found \"\", expected a text of 1 to 64 bytes"),
        (item(json!({"id": "2"})), "items[1].price: found nothing, expected a number from 0 to 1000000"),
        (
            item(json!({"id": "2", "price": "9"})),
            "items[1].price: found \"9\", expected a number from 0 to 1000000",
        ),
        (
            item(json!({"id": "2", "price": -0.01})),
            "items[1].price: found -0.01, expected a number from 0 to 1000000",
        ),
        (
            item(json!({"id": "2", "price": 1e300})),
            "items[1].price: found 1e+300, expected a number from 0 to 1000000",
        ),
        (
            item(json!({"id": "2", "price": 1})),
            "items[1].quantity: found nothing, expected a whole number from 1 to 1000",
        ),
        (
            item(json!({"id": "2", "price": 1, "quantity": 0})),
            "items[1].quantity: found 0, expected a whole number from 1 to 1000",
        ),
        (
            item(json!({"id": "2", "price": 1, "quantity": -1})),
            "items[1].quantity: found -1, expected a whole number from 1 to 1000",
        ),
        (
            item(json!({"id": "2", "price": 1, "quantity": 1.5})),
            "items[1].quantity: found 1.5, expected a whole number from 1 to 1000",
        ),
        (
            item(json!({"id": "2", "price": 1, "quantity": u64::MAX})),
            "items[1].quantity: found 18446744073709551615, expected a whole number from 1 to 1000",
        ),
    ] {
        assert_eq!(Order::read(&body).unwrap_err().to_string(), expected);
    }
}
