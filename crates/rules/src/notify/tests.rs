use super::*;
use std::sync::mpsc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

fn alert(name: &str) -> Alert {
    Alert {
        labels: Labels::from_pairs([("alertname", name)]),
        annotations: BTreeMap::from([("summary".to_owned(), "s".to_owned())]),
        starts_at: 1_000,
        ends_at: 2_500,
        generator_url: "http://p/graph".to_owned(),
    }
}

/// A server that answers each request with the next status and hands on the bodies.
async fn server(statuses: Vec<u16>) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel();
    tokio::spawn(async move {
        for status in statuses {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let read = stream.read(&mut buffer).await.unwrap();
                request.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                if body.len() >= length.unwrap().parse::<usize>().unwrap() {
                    assert!(head.starts_with("POST /api/v2/alerts "), "{head}");
                    sender.send(body.to_owned()).unwrap();
                    break;
                }
            }
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, receiver)
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nothing happened for five seconds");
}

fn options() -> NotifierOptions {
    NotifierOptions { backoff: Duration::from_millis(1), ..NotifierOptions::default() }
}

fn target(url: &str) -> Vec<Target> {
    vec![Target { url: url.to_owned(), timeout: Duration::from_secs(2) }]
}

#[tokio::test]
async fn alerts_are_posted_and_tried_again() {
    let (url, bodies) = server(vec![500, 200]).await;
    let mut options = options();
    options.external_labels = BTreeMap::from([("env".to_owned(), "local".to_owned())]);
    options.relabel =
        Some(Arc::new(|labels| (labels.value("alertname") != "Unwanted").then(|| labels.clone())));
    let notifier = Arc::new(Notifier::new(options, target(&url)));
    let cancel = CancellationToken::new();
    let task = tokio::spawn({
        let (notifier, cancel) = (notifier.clone(), cancel.clone());
        async move { notifier.run(reqwest::Client::new(), cancel).await }
    });
    notifier.send(vec![alert("A"), alert("Unwanted")]);
    until(|| notifier.stats().sent == 1).await;
    assert_eq!(notifier.stats(), NotifierStats { queued: 0, sent: 1, dropped: 0, errors: 1 });
    let posted: Vec<String> = bodies.try_iter().collect();
    assert_eq!(posted.len(), 2);
    assert_eq!(
        posted[1],
        r#"[{"labels":{"alertname":"A","env":"local"},"annotations":{"summary":"s"},"startsAt":"1970-01-01T00:00:01.000Z","endsAt":"1970-01-01T00:00:02.500Z","generatorURL":"http://p/graph"}]"#
    );
    cancel.cancel();
    tokio::time::timeout(Duration::from_secs(5), task).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_nobody_takes_is_dropped_and_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let notifier = Arc::new(Notifier::new(options(), target(&url)));
    let cancel = CancellationToken::new();
    let task = tokio::spawn({
        let (notifier, cancel) = (notifier.clone(), cancel.clone());
        async move { notifier.run(reqwest::Client::new(), cancel).await }
    });
    notifier.send(vec![alert("A")]);
    until(|| notifier.stats().dropped == 1).await;
    assert_eq!(notifier.stats().errors, 4);
    cancel.cancel();
    tokio::time::timeout(Duration::from_secs(5), task).await.unwrap().unwrap();
}

#[test]
fn a_full_queue_drops_the_oldest() {
    let notifier = Notifier::new(NotifierOptions { capacity: 2, ..options() }, Vec::new());
    notifier.send(vec![alert("A"), alert("B"), alert("C")]);
    assert_eq!(notifier.stats(), NotifierStats { queued: 2, sent: 0, dropped: 1, errors: 0 });
    assert_eq!(lock(&notifier.queue)[0].labels.value("alertname"), "B");
}
