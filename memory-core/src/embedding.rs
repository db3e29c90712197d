//! Vectors (RE-4, RE-6).

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};

/// A vector of finite f32 components whose length, in f64, is 0 or from 1e-15 to 1e15 (RE-6). Cheap to clone.
///
/// Whether the zero vector and this dimension fit a collection is checked where its spec is known. Two embeddings are equal
/// when their components have the same bits (RE-4).
#[derive(Clone)]
pub struct Embedding(Arc<[f32]>);

impl Embedding {
    /// Checks and takes the components.
    ///
    /// # Errors
    /// `InvalidArgument` for no components, NaN, infinity, and a length outside the range. The error names a position, never
    /// a component.
    pub fn new(components: impl Into<Arc<[f32]>>) -> Result<Self> {
        let components = components.into();
        if components.is_empty() {
            return Err(Error::invalid("an embedding has at least one component"));
        }
        if let Some(at) = components.iter().position(|c| !c.is_finite()) {
            return Err(Error::invalid(format!("component {at} of the embedding is not a finite number")));
        }
        let embedding = Self(components);
        let length = embedding.length();
        if length != 0.0 && !(1e-15..=1e15).contains(&length) {
            return Err(Error::invalid("the embedding's length is outside 1e-15 to 1e15"));
        }
        Ok(embedding)
    }

    /// The components, in order.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// The number of components, at least 1.
    pub fn dimension(&self) -> usize {
        self.0.len()
    }

    /// The euclidean length, in f64.
    pub fn length(&self) -> f64 {
        self.0.iter().fold(0.0, |sum: f64, &c| sum + f64::from(c) * f64::from(c)).sqrt()
    }

    /// Whether every component is 0 or -0.
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|&c| c == 0.0)
    }
}

impl PartialEq for Embedding {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&*other.0).all(|(a, b)| a.to_bits() == b.to_bits())
    }
}

impl Eq for Embedding {}

/// The dimension alone (ER-2).
impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embedding({} components)", self.dimension())
    }
}

impl TryFrom<Vec<f32>> for Embedding {
    type Error = Error;

    fn try_from(components: Vec<f32>) -> Result<Self> {
        Self::new(components)
    }
}

impl TryFrom<&[f32]> for Embedding {
    type Error = Error;

    fn try_from(components: &[f32]) -> Result<Self> {
        Self::new(components)
    }
}

impl<const N: usize> TryFrom<[f32; N]> for Embedding {
    type Error = Error;

    fn try_from(components: [f32; N]) -> Result<Self> {
        Self::new(components.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_range_and_finiteness() {
        assert!(Embedding::new([0.9e-15_f32, 0.0].to_vec()).is_err());
        assert!(Embedding::new([1.1e-15_f32, 0.0].to_vec()).is_ok());
        assert!(Embedding::new([9.9e14_f32].to_vec()).is_ok());
        assert!(Embedding::new([1.1e15_f32].to_vec()).is_err());
        assert!(Embedding::new([0.0_f32, -0.0].to_vec()).is_ok_and(|e| e.is_zero()));
        assert!(Embedding::new([f32::NAN].to_vec()).is_err());
        assert!(Embedding::new([f32::INFINITY].to_vec()).is_err());
        assert!(Embedding::new(Vec::new()).is_err());
    }

    #[test]
    fn equality_is_by_bits() {
        assert_ne!(Embedding::new(vec![0.0, 1.0]).unwrap(), Embedding::new(vec![-0.0, 1.0]).unwrap());
    }
}
