//! Vectors as small integers times a scale, with how far that is from the vector at most (the proof stands in decision 0017).

/// Components in a chunk: as many bytes as a cache line and the widest register have.
pub(super) const CHUNK: usize = 64;

/// Codes of components, each from -127 to 127 with an offset of 128. What fills up the last chunk of a vector is 128, which is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub(super) struct Chunk(pub(super) [u8; CHUNK]);

/// How many chunks a vector of this dimension takes.
pub(super) fn chunks(dimension: usize) -> usize {
    dimension.div_ceil(CHUNK)
}

/// What is known of a vector x beside its code c: how near `scale` · c is to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Fit {
    pub(super) scale: f32,
    /// At least |x - scale · c|.
    pub(super) error: f32,
    /// At least |x|, and by 2^-22 of it more at most.
    pub(super) length: f32,
}

/// Relative rounding that is allowed for everywhere: more than (dimension + 8) · 2^-53 for any legal dimension.
pub(super) const SLACK: f64 = 1e-11;

/// Writes the code of a vector, which has been multiplied by `factor`, and says how well it fits.
pub(super) fn encode(vector: &[f32], factor: f64, code: &mut [Chunk]) -> Fit {
    let component = |x: f32| f64::from(x) * factor;
    let greatest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let scale = (component(greatest) / 127.0) as f32;
    let inverse = if scale > 0.0 { factor / f64::from(scale) } else { 0.0 };
    let (mut error, mut square) = ([0.0; 8], [0.0; 8]);
    for (chunk, part) in code.iter_mut().zip(vector.chunks(CHUNK)) {
        let mut codes = [0.0_f64; CHUNK];
        for (code, x) in codes.iter_mut().zip(part) {
            *code = rounded(f64::from(*x) * inverse).clamp(-127.0, 127.0);
        }
        *chunk = Chunk(codes.map(|code| (code as i32 + 128) as u8));
        for (at, (code, x)) in codes.iter().zip(part).enumerate() {
            let x = component(*x);
            let rest = x - f64::from(scale) * code;
            error[at % 8] += rest * rest;
            square[at % 8] += x * x;
        }
    }
    let length = square.iter().sum::<f64>().sqrt();
    let error = error.iter().sum::<f64>().sqrt();
    Fit { scale, error: above(error * (1.0 + SLACK) + length * SLACK), length: above(length * (1.0 + SLACK)) }
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
    let most = i32::MAX as usize / (127 * chunks(dimension).max(1) * CHUNK);
    i32::try_from(most).unwrap_or(i32::MAX).min(127 * 128)
}

/// The code of a query, in finer steps than those that are stored, for there is one of it.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) wide: Vec<[i16; CHUNK]>,
    /// `wide` is 128 · `high` + `low`.
    pub(super) high: Vec<[i8; CHUNK]>,
    pub(super) low: Vec<[i8; CHUNK]>,
    /// 128 times the sum of `wide`, wrapped around: what the offset of the stored codes adds to each product.
    pub(super) offset: i32,
}

impl Code {
    /// Splits numbers that are no greater than [`greatest`] allows.
    pub(super) fn from_numbers(numbers: &[i16]) -> Self {
        let wide: Vec<[i16; CHUNK]> = numbers
            .chunks(CHUNK)
            .map(|part| std::array::from_fn(|lane| part.get(lane).copied().unwrap_or_default()))
            .collect();
        let upper = |number: i16| (number + 64) >> 7;
        let high = wide.iter().map(|part| part.map(|number| upper(number) as i8)).collect();
        let low = wide.iter().map(|part| part.map(|number| (number - upper(number) * 128) as i8)).collect();
        let sum = numbers.iter().fold(0_i32, |sum, number| sum.wrapping_add(i32::from(*number)));
        Self { wide, high, low, offset: sum.wrapping_mul(128) }
    }
}

/// The code of a query vector, the f64 that scales it, and a bound of |v - scale · code|.
pub(super) fn encode_query(vector: &[f64]) -> (Code, f64, f64) {
    let most = f64::from(greatest(vector.len()));
    let greatest = vector.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let scale = greatest / most;
    let number = |x: f64| if scale > 0.0 { (x / scale).round().clamp(-most, most) } else { 0.0 };
    let numbers: Vec<i16> = vector.iter().map(|x| number(*x) as i16).collect();
    let (mut error, mut square) = (0.0, 0.0);
    for (x, number) in vector.iter().zip(&numbers) {
        let rest = x - scale * f64::from(*number);
        error += rest * rest;
        square += x * x;
    }
    (Code::from_numbers(&numbers), scale, error.sqrt() * (1.0 + SLACK) + square.sqrt() * SLACK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coded(vector: &[f32]) -> (Vec<i32>, Fit) {
        let mut code = vec![Chunk([128; CHUNK]); chunks(vector.len())];
        let fit = encode(vector, 1.0, &mut code);
        let codes: Vec<i32> = code.iter().flat_map(|chunk| chunk.0).map(|byte| i32::from(byte) - 128).collect();
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
            let rests = vector.iter().zip(codes).map(|(x, c)| f64::from(*x) - f64::from(fit.scale) * f64::from(c));
            let error = rests.map(|rest| rest * rest).sum::<f64>().sqrt();
            assert!(f64::from(fit.error) >= error, "{vector:?} {fit:?}");
            assert!(f64::from(fit.error) <= error * 1.001 + f64::from(fit.length) * 1e-7 + 1e-44, "{vector:?} {fit:?}");
        }
    }

    #[test]
    fn a_query_splits_into_two_parts() {
        let code = Code::from_numbers(&[16_256, -16_256, 63, 64, -64, -65, 0]);
        assert_eq!(code.high[0][..7], [127, -127, 0, 1, 0, -1, 0]);
        assert_eq!(code.low[0][..7], [0, 0, 63, -64, -64, 63, 0]);
        assert_eq!(code.offset, -128 * 2);
        assert_eq!((greatest(384), greatest(16_384)), (16_256, 1_032));
    }
}
