//! A running download reads as it is taken, and is cut, never ended, when it may not go on.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use artifacts::MemoryArtifacts;
use domain::clock::ManualClock;
use domain::time::Micros;
use futures::{Stream, StreamExt as _};

use super::*;

struct Gate {
    open: AtomicBool,
    asked: AtomicU32,
}

#[async_trait]
impl Permit for Arc<Gate> {
    async fn holds(&self) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.open.load(Ordering::Relaxed)
    }
}

struct Scene {
    artifacts: Arc<MemoryArtifacts>,
    object: ObjectName,
    clock: Arc<ManualClock>,
    gate: Arc<Gate>,
    bytes: Bytes,
}

impl Scene {
    async fn new() -> Self {
        let bytes: Bytes = (0..3 * BLOCK_BYTES + 7).map(|at| (at % 251) as u8).collect::<Vec<_>>().into();
        let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let object = ObjectName::archive(&"org.acme".parse().unwrap(), id, "a.zip").unwrap();
        let artifacts = Arc::new(MemoryArtifacts::default());
        artifacts.put(&object, bytes.clone()).await.unwrap();
        let gate = Arc::new(Gate { open: AtomicBool::new(true), asked: AtomicU32::new(0) });
        Self { artifacts, object, clock: Arc::new(ManualClock::at(Micros(0))), gate, bytes }
    }

    fn stream(&self, pieces: Vec<Piece>) -> impl Stream<Item = Result<Bytes, axum::Error>> + Unpin + use<> {
        let source = Source {
            artifacts: self.artifacts.clone(),
            object: self.object.clone(),
            permit: Box::new(self.gate.clone()),
            clock: self.clock.clone(),
        };
        body(source, pieces).into_data_stream()
    }

    fn whole(&self) -> Vec<Piece> {
        vec![Piece::Range(0..self.bytes.len() as u64)]
    }
}

#[tokio::test]
async fn pieces_come_in_order_in_blocks() {
    let scene = Scene::new().await;
    let pieces = vec![Piece::Text("head".into()), Piece::Range(5..BLOCK_BYTES + 9), Piece::Text("tail".into())];
    let length: u64 = pieces.iter().map(Piece::bytes).sum();
    let blocks: Vec<Bytes> = scene.stream(pieces).map(Result::unwrap).collect().await;
    assert!(blocks.iter().all(|block| block.len() as u64 <= BLOCK_BYTES));
    let all = blocks.concat();
    assert_eq!(all.len() as u64, length);
    assert_eq!(all, [b"head", &scene.bytes[5..BLOCK_BYTES as usize + 9], b"tail"].concat());
    assert_eq!(scene.gate.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_stream_is_cut_at_the_next_look() {
    let scene = Scene::new().await;
    let mut stream = scene.stream(scene.whole());
    scene.clock.advance(LOOK_EVERY);
    assert!(stream.next().await.unwrap().is_ok());
    scene.gate.open.store(false, Ordering::Relaxed);
    scene.clock.advance(LOOK_EVERY - Duration::from_millis(1));
    assert!(stream.next().await.unwrap().is_ok(), "not asked yet");
    scene.clock.advance(Duration::from_millis(1));
    assert!(stream.next().await.unwrap().is_err());
    assert!(stream.next().await.is_none());
    assert_eq!(scene.gate.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_stream_is_cut_when_its_object_goes() {
    let scene = Scene::new().await;
    let mut stream = scene.stream(scene.whole());
    assert!(stream.next().await.unwrap().is_ok());
    scene.artifacts.delete(&scene.object).await.unwrap();
    assert!(stream.next().await.unwrap().is_err());
}
