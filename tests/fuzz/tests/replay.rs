//! Replays the committed corpus against every target, as it is and mutated with fixed seeds.

use curlew_fuzz::TARGETS;
use std::path::Path;

/// Mutations of each corpus entry.
const MUTATIONS: u64 = 500;

/// SplitMix64: enough to spoil bytes, and the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below.max(1) as u64).expect("below a usize")
    }
}

fn mutate(seed: u64, entry: &[u8]) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut data = entry.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(data.len());
        match dice.roll(4) {
            0 => data.truncate(at),
            1 => data.insert(at.min(data.len()), b"\"{}[]:,0-9\\ue\xff\0"[dice.roll(15)]),
            2 if !data.is_empty() => data[at] ^= 1 << dice.roll(8),
            _ => {
                let tail = data[at.min(data.len())..].to_vec();
                data.extend(tail);
            }
        }
    }
    data
}

#[test]
fn the_corpus_holds_its_promises() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut files: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "no corpus in {}", folder.display());
        for file in files {
            let entry = std::fs::read(&file).unwrap();
            target(&entry);
            for seed in 0..MUTATIONS {
                let data = mutate(seed, &entry);
                let result = std::panic::catch_unwind(|| target(&data));
                assert!(result.is_ok(), "{name}: {} with seed {seed}", file.display());
            }
        }
    }
}
