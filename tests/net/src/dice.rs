//! Seeded dice: the same seed loses the same packets of the same traffic.

/// SplitMix64, which needs no more state than its counter.
pub struct Dice(u64);

impl Dice {
    /// Dice that always fall alike for one seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// True in `percent` of 100 throws; 0 is never, 100 always.
    pub fn hits(&mut self, percent: f64) -> bool {
        // 53 bits are what an f64 holds exactly.
        let throw = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        throw * 100.0 < percent
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_hits_is_as_asked_and_the_same_for_a_seed() {
        let throws = |seed, percent| {
            let mut dice = Dice::new(seed);
            (0..10_000).map(|_| dice.hits(percent)).collect::<Vec<_>>()
        };
        assert_eq!(throws(7, 30.0), throws(7, 30.0));
        assert_ne!(throws(7, 30.0), throws(8, 30.0));
        let hits = throws(7, 30.0).into_iter().filter(|hit| *hit).count();
        assert!((2_800..3_200).contains(&hits), "{hits} of 10,000 with seed 7");
        assert!(throws(7, 0.0).iter().all(|hit| !hit));
        assert!(throws(7, 100.0).iter().all(|hit| *hit));
    }
}
