//! Vectors as small integers times a scale, with how far that is from the vector at most (the proof stands in decision 0017).

use super::pages::advise;

/// Bytes in a chunk: as many as a cache line and the widest register have.
pub(super) const CHUNK: usize = 64;

/// Components in a chunk, each with half a byte.
pub(super) const HALVES: usize = 2 * CHUNK;

/// Half a byte for each component: byte `n` has that of component `n` below, and that of component `n` + 64 above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub(super) struct Chunk(pub(super) [u8; CHUNK]);

/// Codes of components, each from -127 to 127 with an offset of 128, in two halves that lie apart: a search reads the upper ones, and
/// the lower ones of what it may find. What fills up the last chunk of a vector is 128, which is 0.
#[derive(Debug, Default)]
pub(super) struct Codes {
    pub(super) upper: Vec<Chunk>,
    pub(super) lower: Vec<Chunk>,
}

impl Codes {
    pub(super) fn with_capacity(chunks: usize) -> Self {
        let mut codes = Self::default();
        codes.reserve_exact(chunks);
        codes
    }

    /// Makes room for so many chunks more.
    pub(super) fn reserve_exact(&mut self, chunks: usize) {
        self.upper.reserve_exact(chunks);
        self.lower.reserve_exact(chunks);
        advise(&self.upper);
        advise(&self.lower);
    }

    /// Fills up with zeroes to so many chunks.
    pub(super) fn resize(&mut self, chunks: usize) {
        self.upper.resize(chunks, Chunk([0x88; CHUNK]));
        self.lower.resize(chunks, Chunk([0; CHUNK]));
    }

    /// Writes the codes of a vector to so many chunks from `start` on.
    fn set(&mut self, start: usize, codes: impl Iterator<Item = [u8; HALVES]>) {
        let places = (self.upper.get_mut(start..), self.lower.get_mut(start..));
        let (Some(upper), Some(lower)) = places else { return };
        for ((upper, lower), codes) in upper.iter_mut().zip(lower).zip(codes) {
            let (first, second) = codes.split_at(CHUNK);
            for (at, (a, b)) in first.iter().zip(second).enumerate() {
                upper.0[at] = a >> 4 | b & 0xf0;
                lower.0[at] = a & 0x0f | b << 4;
            }
        }
    }
}

/// How many chunks of each half a vector of this dimension takes.
pub(super) fn chunks(dimension: usize) -> usize {
    dimension.div_ceil(HALVES)
}

/// What is known of a vector x beside its code c: how near `scale` · c is to it, and how near the upper half alone comes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Fit {
    pub(super) scale: f32,
    /// At least |x - scale · c|.
    pub(super) error: f32,
    /// At least |x - scale · (16 h - [`MIDDLE`])|, where h is the upper half of c + 128.
    pub(super) coarse: f32,
    /// At least |x|, and by 2^-22 of it more at most.
    pub(super) length: f32,
}

/// 128 less 7.5, the middle of what the lower half may be.
pub(super) const MIDDLE: f64 = 120.5;

/// Relative rounding that is allowed for everywhere: more than (dimension + 8) · 2^-53 for any legal dimension.
pub(super) const SLACK: f64 = 1e-11;

/// Writes the code of a vector, which has been multiplied by `factor`, to the chunks from `start` on, and says how well it fits.
pub(super) fn encode(vector: &[f32], factor: f64, codes: &mut Codes, start: usize) -> Fit {
    let component = |x: f32| f64::from(x) * factor;
    let greatest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let scale = (component(greatest) / 127.0) as f32;
    let inverse = if scale > 0.0 { factor / f64::from(scale) } else { 0.0 };
    let step = f64::from(scale);
    let (mut error, mut coarse, mut square) = ([0.0; 8], [0.0; 8], [0.0; 8]);
    codes.set(
        start,
        vector.chunks(HALVES).map(|part| {
            let mut codes = [128; HALVES];
            for (at, (byte, x)) in codes.iter_mut().zip(part).enumerate() {
                let code = rounded(f64::from(*x) * inverse).clamp(-127.0, 127.0);
                *byte = (code as i32 + 128) as u8;
                let (x, half) = (component(*x), f64::from(*byte & 0xf0) - MIDDLE);
                let (rest, rough) = (x - step * code, x - step * half);
                error[at % 8] += rest * rest;
                coarse[at % 8] += rough * rough;
                square[at % 8] += x * x;
            }
            codes
        }),
    );
    let length = square.iter().sum::<f64>().sqrt();
    let bound = |squares: [f64; 8]| above(squares.iter().sum::<f64>().sqrt() * (1.0 + SLACK) + length * SLACK);
    Fit { scale, error: bound(error), coarse: bound(coarse), length: above(length * (1.0 + SLACK)) }
}

/// The nearest integer, for numbers far below 2^51: adding this leaves no bits behind the point.
fn rounded(x: f64) -> f64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    (x + SHIFT) - SHIFT
}

/// The least f32 above the number, nearly.
fn above(x: f64) -> f32 {
    (x as f32).next_up()
}

/// The greatest number in a query's code: with it no product of codes leaves i32, and its upper part fits i8.
pub(super) fn greatest(dimension: usize) -> i32 {
    let most = i32::MAX as usize / (127 * chunks(dimension).max(1) * HALVES);
    i32::try_from(most).unwrap_or(i32::MAX).min(127 * 128)
}

/// A number for each component of a query, in pairs of what meets the lower and what meets the upper halves of bytes.
pub(super) type Pairs = Vec<[[i8; CHUNK]; 2]>;

/// The code of a query, in finer steps than those that are stored, for there is one of it.
#[derive(Debug)]
pub(super) struct Code {
    /// A number is 128 · `high` + `low`.
    pub(super) high: Pairs,
    pub(super) low: Pairs,
    /// The sum of `high`.
    pub(super) high_sum: i32,
    /// 128 times the sum of the numbers, wrapped around: what the offset of the stored codes adds to each product.
    pub(super) offset: i32,
}

/// The part of a number that counts as 128.
fn high(number: i16) -> i16 {
    (number + 64) >> 7
}

impl Code {
    /// Splits numbers that are no greater than [`greatest`] allows.
    pub(super) fn from_numbers(numbers: &[i16]) -> Self {
        let pairs = |part: fn(i16) -> i16| {
            let number = |at: usize| numbers.get(at).map_or(0, |number| part(*number) as i8);
            let pair = |start: usize| [start, start + CHUNK].map(|start| std::array::from_fn(|at| number(start + at)));
            (0..numbers.len()).step_by(HALVES).map(pair).collect()
        };
        let sum = numbers.iter().fold(0_i32, |sum, number| sum.wrapping_add(i32::from(*number)));
        Self {
            high: pairs(high),
            low: pairs(|number| number - high(number) * 128),
            high_sum: numbers.iter().map(|number| i32::from(high(*number))).sum(),
            offset: sum.wrapping_mul(128),
        }
    }
}

/// How a query vector v is coded.
#[derive(Debug)]
pub(super) struct Coded {
    pub(super) code: Code,
    pub(super) scale: f64,
    /// At least |v - scale · code|.
    pub(super) error: f64,
    /// At least |v - 128 · scale · high|, where high is the upper part of the code.
    pub(super) coarse: f64,
}

/// The code of a query vector.
pub(super) fn encode_query(vector: &[f64]) -> Coded {
    let most = f64::from(greatest(vector.len()));
    let greatest = vector.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let scale = greatest / most;
    let number = |x: f64| if scale > 0.0 { (x / scale).round().clamp(-most, most) } else { 0.0 };
    let numbers: Vec<i16> = vector.iter().map(|x| number(*x) as i16).collect();
    let (mut error, mut coarse, mut square) = (0.0, 0.0, 0.0);
    for (x, number) in vector.iter().zip(&numbers) {
        let rest = x - scale * f64::from(*number);
        let rough = x - scale * f64::from(128 * i32::from(high(*number)));
        error += rest * rest;
        coarse += rough * rough;
        square += x * x;
    }
    let bound = |squares: f64| squares.sqrt() * (1.0 + SLACK) + square.sqrt() * SLACK;
    Coded { code: Code::from_numbers(&numbers), scale, error: bound(error), coarse: bound(coarse) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coded(vector: &[f32]) -> (Vec<i32>, Fit) {
        let mut stored = Codes::default();
        stored.resize(chunks(vector.len()));
        let fit = encode(vector, 1.0, &mut stored, 0);
        let halves = |chunks: &[Chunk]| -> Vec<u8> {
            chunks
                .iter()
                .flat_map(|chunk| chunk.0.map(|byte| byte & 15).into_iter().chain(chunk.0.map(|byte| byte >> 4)))
                .collect()
        };
        let whole = |(upper, lower): (u8, u8)| i32::from(16 * upper + lower) - 128;
        let codes: Vec<i32> = halves(&stored.upper).into_iter().zip(halves(&stored.lower)).map(whole).collect();
        assert!(codes[vector.len()..].iter().all(|code| *code == 0), "what fills up is 0");
        (codes[..vector.len()].to_vec(), fit)
    }

    #[test]
    fn a_code_and_its_fit() {
        let (codes, fit) = coded(&[127.0, -126.6, 0.0, 63.5, -127.0]);
        assert_eq!(codes, [127, -127, 0, 64, -127]);
        assert_eq!(fit.scale, 1.0);
        // √(0.4² + 0.5²) and √(2 · 127² + 126.6² + 63.5²)
        assert!((0.640_312..0.640_314).contains(&fit.error), "{fit:?}");
        // 119.5, twice -120.5, 7.5 and 71.5 are what the upper halves stand for: √(7.5² + 6.1² + 7.5² + 8² + 6.5²)
        assert!((15.998..15.999).contains(&fit.coarse), "{fit:?}");
        assert!((228.730..228.732).contains(&fit.length), "{fit:?}");
    }

    #[test]
    fn the_error_bounds_every_kind_of_vector() {
        let vectors: [&[f32]; 8] = [
            &[0.0, 0.0],
            &[1e-15, 1e-45, -1e-38],
            &[1e15, 1.0, -1e-3],
            &[1e-45],
            &[3e-20, -2.9e-20, 1e-21],
            &[1.0; 100],
            &[f32::MIN_POSITIVE, 5e14],
            &[0.1, 0.2, 0.3, -0.7],
        ];
        for vector in vectors {
            let (codes, fit) = coded(vector);
            let upper_half = |code: &i32| f64::from((code + 128) / 16 * 16) - MIDDLE;
            let whole = codes.iter().map(|code| f64::from(*code)).collect::<Vec<f64>>();
            let rough = codes.iter().map(upper_half).collect::<Vec<f64>>();
            for (bound, codes) in [(fit.error, whole), (fit.coarse, rough)] {
                let rests = vector.iter().zip(codes).map(|(x, c)| f64::from(*x) - f64::from(fit.scale) * c);
                let (bound, error) = (f64::from(bound), rests.map(|rest| rest * rest).sum::<f64>().sqrt());
                assert!(bound >= error, "{vector:?} {fit:?}");
                assert!(bound <= error * 1.001 + f64::from(fit.length) * 1e-7 + 1e-44, "{vector:?} {fit:?}");
            }
        }
    }

    #[test]
    fn a_query_splits_into_two_parts() {
        let code = Code::from_numbers(&[16_256, -16_256, 63, 64, -64, -65, 0]);
        assert_eq!(code.high[0][0][..7], [127, -127, 0, 1, 0, -1, 0]);
        assert_eq!(code.low[0][0][..7], [0, 0, 63, -64, -64, 63, 0]);
        assert_eq!((code.high_sum, code.offset), (0, -128 * 2));
        let second = Code::from_numbers(&[&[0; CHUNK + 2][..], &[300]].concat());
        assert_eq!((second.high[0][1][..3].to_vec(), second.low[0][1][..3].to_vec()), (vec![0, 0, 2], vec![0, 0, 44]));
        assert_eq!((greatest(384), greatest(16_384)), (16_256, 1_032));
    }
}
