//! In what the services differ that speak the form of OpenAI.

use memory_core::connect::Setting;
use memory_core::{Error, Result};
use reqwest::Url;

use crate::settings::{AZURE_API_KEY, MISTRAL_API_KEY, OPENAI_API_KEY, VOYAGE_API_KEY};

/// Whose form of the embeddings call a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// OpenAI: refuses a text that is too long.
    OpenAi,
    /// Azure OpenAI: the key goes in the header `api-key`; refuses a text that is too long.
    Azure,
    /// Mistral: a shorter vector is asked for as `output_dimension`.
    Mistral,
    /// Voyage: as Mistral, and it is told whether a text is a query or a document, and to refuse one that is too long.
    Voyage,
    /// OpenAI's form without anything of one vendor: Ollama, vLLM, LM Studio and others. What becomes of a text that is too
    /// long is not known.
    Compatible,
}

impl Service {
    /// The service that an address belongs to, by its host; Azure also by its path.
    pub(super) fn of(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let azure = ["openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com"];
        if host == "api.openai.com" || host.ends_with(".api.openai.com") {
            Self::OpenAi
        } else if azure.iter().any(|end| host.ends_with(end)) || url.path().contains("/openai/deployments/") {
            Self::Azure
        } else if host == "api.mistral.ai" {
            Self::Mistral
        } else if host == "api.voyageai.com" {
            Self::Voyage
        } else {
            Self::Compatible
        }
    }

    /// The word for it in settings and identities.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Azure => "azure",
            Self::Mistral => "mistral",
            Self::Voyage => "voyage",
            Self::Compatible => "compatible",
        }
    }

    /// Reads [`Self::name`] back.
    pub(super) fn named(name: &str) -> Result<Self> {
        let all = [Self::OpenAi, Self::Azure, Self::Mistral, Self::Voyage, Self::Compatible];
        all.into_iter().find(|service| service.name() == name).ok_or_else(|| {
            let names = all.map(Self::name).join(", ");
            Error::invalid(format!("a service is one of {names}"))
        })
    }

    /// The setting whose key goes to this vendor and to nobody else.
    pub(super) fn own_key(self) -> Option<&'static Setting> {
        match self {
            Self::OpenAi => Some(&OPENAI_API_KEY),
            Self::Azure => Some(&AZURE_API_KEY),
            Self::Mistral => Some(&MISTRAL_API_KEY),
            Self::Voyage => Some(&VOYAGE_API_KEY),
            Self::Compatible => None,
        }
    }

    /// Whether it answers an error for a text that its model cannot read whole, so that an answer means that it could.
    pub(super) fn refuses_long_texts(self) -> bool {
        match self {
            Self::OpenAi | Self::Azure | Self::Voyage => true,
            Self::Mistral | Self::Compatible => false,
        }
    }

    /// Whose vectors these are: Azure serves OpenAI's models.
    pub(super) fn family(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Azure => Self::OpenAi.name(),
            Self::Mistral | Self::Voyage | Self::Compatible => self.name(),
        }
    }
}

/// Where a service is.
#[derive(Clone)]
pub(super) struct Endpoint {
    /// Where requests go, with everything that the address holds.
    pub(super) url: Url,
    /// The same without user, password, query and fragment: what may be shown.
    pub(super) place: String,
}

impl Endpoint {
    /// From a base address such as `https://api.openai.com/v1`, or the whole one that ends with `/embeddings`.
    pub(super) fn of(address: &str) -> Result<Self> {
        let wrong = || Error::invalid("the address of an embedding service is like https://api.openai.com/v1");
        let mut url = Url::parse(address).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(if path.ends_with("/embeddings") { path } else { format!("{path}/embeddings") }.as_str());
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let place = format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path());
        Ok(Self { url, place })
    }

    /// Whether user or password stand in the address.
    pub(super) fn has_user(&self) -> bool {
        !self.url.username().is_empty() || self.url.password().is_some()
    }

    /// Whether this machine itself is meant, which no proxy stands before.
    pub(super) fn is_local(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        host == "localhost" || host == "[::1]" || host.starts_with("127.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_their_addresses() {
        let of = |address| Service::of(&Endpoint::of(address).unwrap().url);
        assert_eq!(of("https://api.openai.com/v1"), Service::OpenAi);
        assert_eq!(of("https://eu.api.openai.com/v1"), Service::OpenAi);
        assert_eq!(of("https://mine.openai.azure.com/openai/v1"), Service::Azure);
        assert_eq!(of("http://gateway/openai/deployments/mine/embeddings?api-version=1"), Service::Azure);
        assert_eq!(of("https://api.mistral.ai/v1"), Service::Mistral);
        assert_eq!(of("https://api.voyageai.com/v1"), Service::Voyage);
        assert_eq!(of("http://localhost:11434/v1"), Service::Compatible);
        // Whoever owns such a name is not given the vendor's key.
        assert_eq!(of("https://api.openai.com.example.org/v1"), Service::Compatible);
        assert_eq!(of("https://notapi.openai.com/v1"), Service::Compatible);
        assert_eq!(of("https://evil-openai.azure.com.example.org/v1"), Service::Compatible);
    }

    #[test]
    fn addresses_get_the_path_once_and_show_their_place_alone() {
        let of = |address| Endpoint::of(address).map(|endpoint| (endpoint.url.to_string(), endpoint.place)).unwrap();
        let plain = ("https://api.openai.com/v1/embeddings", "https://api.openai.com/v1/embeddings");
        for address in
            ["https://api.openai.com/v1", "https://api.openai.com/v1/", "https://api.openai.com/v1/embeddings/"]
        {
            let (url, place) = of(address);
            assert_eq!((url.as_str(), place.as_str()), plain);
        }
        let (url, place) = of("http://ada:secret@[::1]:8080/v1?key=secret#part");
        assert_eq!(url, "http://ada:secret@[::1]:8080/v1/embeddings?key=secret");
        assert_eq!(place, "http://[::1]:8080/v1/embeddings");
    }

    #[test]
    fn what_is_no_address_of_a_service_is_refused() {
        for address in ["", "localhost", "localhost:11434/v1", "ftp://localhost/v1", "https://", "file:///v1"] {
            assert!(Endpoint::of(address).is_err(), "{address}");
        }
    }

    #[test]
    fn this_machine_is_known() {
        let local = |address| Endpoint::of(address).unwrap().is_local();
        assert!(local("http://localhost:1/v1") && local("http://127.0.0.1:1") && local("http://[::1]/"));
        assert!(!local("https://api.openai.com/v1"));
    }
}
