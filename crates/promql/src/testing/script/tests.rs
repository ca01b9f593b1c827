use super::*;

#[test]
fn a_script_is_read_block_by_block() {
    let script = Script::parse(
        "load 10s\n  up 1 1\n\n# a comment\neval range from 0 to 1m step 10s up > 0\n  expect no_warn\n  up 1 1\nclear_is_no_series\n\nclear\n",
    );
    let script = script.unwrap();
    assert_eq!(script.commands.len(), 3);
    let Command::Eval(eval) = &script.commands[1] else { panic!("{:?}", script.commands[1]) };
    assert_eq!(eval.query, "up > 0");
    assert_eq!(eval.when, When::Range { start: 0, end: 60_000, step: 10_000 });
    assert_eq!(eval.expect.series.len(), 2);
    assert!(eval.expect.no_warn);
}

#[test]
fn errors_carry_the_line() {
    for (text, line) in [
        ("\nfrobnicate", 2),
        ("load 5x\n", 1),
        ("load 5m\n  a b\n", 2),
        ("eval instant on 5m up", 1),
        ("eval instant at 5m up\n  expect miracles", 2),
    ] {
        assert_eq!(Script::parse(text).unwrap_err().line, line, "{text:?}");
    }
}
