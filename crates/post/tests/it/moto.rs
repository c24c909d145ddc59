//! A throw-away SQS: moto's server on a free port of loopback, from the packages ./test installs.

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_sqs::{Client, Config};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A server that answers, with one queue.
pub struct Moto {
    pub queue_url: String,
    pub client: Client,
    child: Child,
}

/// Python with the pinned packages.
fn python() -> PathBuf {
    let venv = std::env::var_os("CHOBA_TEST_VENV").map(PathBuf::from).or_else(|| {
        // <target>/debug/deps/<test>
        let program = std::env::current_exe().ok()?;
        Some(program.ancestors().nth(3)?.join("test-venv"))
    });
    let python = venv.unwrap_or_default().join("bin/python");
    assert!(
        python.exists(),
        "no {}: run ./test once, it installs crates/post/tests/requirements.txt",
        python.display()
    );
    python
}

impl Moto {
    /// Starts one with a queue named `orders`.
    pub async fn start() -> Self {
        let mut command = Command::new(python());
        command.args(["-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            said.clear();
            assert!(log.read_line(&mut said).unwrap() > 0, "moto did not start");
            if let Some((_, rest)) = said.split_once("Running on ") {
                break rest.split_whitespace().next().unwrap().to_owned();
            }
        };
        std::thread::spawn(move || drop(std::io::copy(&mut log, &mut std::io::sink())));
        let keys = Credentials::new("AKIAKAKUU", "kakuu-no-himitsu", None, None, "test");
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .endpoint_url(&address)
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .http_client(http)
            .build();
        let client = Client::from_conf(config);
        let made = client.create_queue().queue_name("orders").send().await.unwrap();
        let queue_url = made.queue_url.unwrap();
        Self { queue_url, client, child }
    }

    /// Puts a message into the queue.
    pub async fn send(&self, body: &str) {
        self.client.send_message().queue_url(&self.queue_url).message_body(body).send().await.unwrap();
    }

    /// Messages that are there: waiting, and given out but not deleted.
    pub async fn left(&self) -> (String, String) {
        use aws_sdk_sqs::types::QueueAttributeName as Name;
        let asked = self.client.get_queue_attributes().queue_url(&self.queue_url).attribute_names(Name::All);
        let all = asked.send().await.unwrap().attributes.unwrap();
        let of = |name: &Name| all.get(name).cloned().unwrap_or_default();
        (of(&Name::ApproximateNumberOfMessages), of(&Name::ApproximateNumberOfMessagesNotVisible))
    }

    /// Ends it.
    pub fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.end();
    }
}
