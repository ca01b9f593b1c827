use super::*;
use model::ManualClock;

async fn lines_of(text: &[u8], capacity: usize) -> (Vec<String>, u64) {
    let (output, mut receiver) = Output::channel(capacity, Arc::new(ManualClock::at_nanos(7)));
    output.clone().copy("a".into(), OutputStream::Stdout, text, None).await;
    let mut lines = Vec::new();
    while let Ok(line) = receiver.try_recv() {
        assert_eq!((line.t, &*line.process, line.stream), (7, "a", OutputStream::Stdout));
        lines.push(line.line);
    }
    (lines, output.dropped())
}

#[tokio::test]
async fn lines_keep_what_they_hold_and_lose_only_their_end() {
    let (lines, dropped) = lines_of(b"one\r\n\n{\"a\":1}\n\xff\nlast", 10).await;
    assert_eq!(lines, ["one", "", "{\"a\":1}", "\u{fffd}", "last"]);
    assert_eq!(dropped, 0);
}

#[tokio::test]
async fn a_reader_that_does_not_keep_up_loses_lines_and_they_are_counted() {
    assert_eq!(lines_of(b"1\n2\n3\n4\n", 3).await, (vec!["1".into(), "2".into(), "3".into()], 1));
}

#[tokio::test]
async fn a_line_without_end_is_cut_at_the_limit() {
    let mut text = vec![b'x'; MAX_LINE_BYTES + 10];
    text.extend_from_slice(b"\nnext\n");
    let (lines, _) = lines_of(&text, 10).await;
    assert_eq!((lines[0].len(), lines[1].as_str()), (MAX_LINE_BYTES, "next"));
}
