//! A proxy on the loopback that stands before a server and breaks the way to it (ER-3). The server does not notice, and needs
//! to be no double.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::time::sleep;

/// What the way to the server is like, for connections that are open and for new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Link {
    /// Everything passes.
    Open,
    /// Nobody listens. Open connections are closed.
    Refused,
    /// Each connection is reset, a new one when it has been made.
    Reset,
    /// Connections are made, and nothing passes. What was sent meanwhile passes when the link is another.
    Stalled,
    /// What the client sends passes. Of what the server sends, so many more bytes pass on each connection; a further one
    /// closes it.
    Cut(u64),
    /// As [`Link::Cut`] until one connection has been closed, and from then on open.
    CutOnce(u64),
    /// Everything passes, but each piece (up to 16 KiB, as it comes) so much later.
    Slow(Duration),
    /// What the client sends passes. Of what the server sends, each bit is flipped.
    Garbled,
}

/// The proxy. It runs in a thread of its own until it is dropped, so that it outlives the runtime of a case.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    orders: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

/// A new link, and where to say that it is so.
type Order = (Link, mpsc::Sender<()>);

/// A link with its number: the same one set again is a new one.
type Current = (u64, Link);

impl Proxy {
    /// A proxy before the server at this address, with an open link.
    ///
    /// # Errors
    /// No port, no thread.
    pub fn start(server: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (orders, received) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serving = move || {
            let served = runtime.block_on(serve(listener, server, received));
            // The case that uses the proxy then waits for a server in vain, and fails.
            if let Err(error) = served {
                eprintln!("the fault proxy has failed: {error}");
            }
        };
        let thread = std::thread::Builder::new().name("fault proxy".to_owned()).spawn(serving)?;
        Ok(Self { address, orders: Some(orders), thread: Some(thread) })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the link. When this returns, nothing passes any more that the link forbids, and if it is not
    /// [`Link::Refused`], connections are taken.
    ///
    /// # Panics
    /// If the proxy has failed.
    pub fn set(&self, link: Link) {
        let (done, wait) = mpsc::channel();
        let sent = self.orders.as_ref().is_some_and(|orders| orders.send((link, done)).is_ok());
        assert!(sent && wait.recv().is_ok(), "the fault proxy runs");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.orders.take();
        if let Some(thread) = self.thread.take() {
            // Its failure has been said.
            let _ = thread.join();
        }
    }
}

/// The proxy's own port: listening, or held so that no other program is given it.
enum Port {
    Listening(TcpListener),
    Held(TcpSocket),
}

impl Port {
    fn fit(self, link: Link, address: SocketAddr) -> io::Result<Self> {
        match self {
            Self::Listening(listener) if link == Link::Refused => {
                drop(listener);
                let socket = TcpSocket::new_v4()?;
                socket.set_reuseaddr(true)?;
                socket.bind(address)?;
                Ok(Self::Held(socket))
            }
            Self::Held(socket) if link != Link::Refused => Ok(Self::Listening(socket.listen(1_024)?)),
            fitting => Ok(fitting),
        }
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        match self {
            Self::Listening(listener) => Ok(listener.accept().await?.0),
            Self::Held(_) => std::future::pending().await,
        }
    }
}

/// Takes connections and orders until there can be no more orders.
async fn serve(
    listener: std::net::TcpListener,
    server: SocketAddr,
    mut orders: UnboundedReceiver<Order>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let mut port = Port::Listening(TcpListener::from_std(listener)?);
    let current = watch::Sender::new((0, Link::Open));
    loop {
        tokio::select! {
            // A link that was set holds for every connection that is made afterwards.
            biased;
            order = orders.recv() => {
                let Some((next, done)) = order else { return Ok(()) };
                port = port.fit(next, address)?;
                current.send_modify(|(number, link)| (*number, *link) = (*number + 1, next));
                // One who no longer waits needs no answer.
                let _ = done.send(());
            }
            client = port.accept() => {
                // A client may be gone again before it is taken.
                if let Ok(client) = client {
                    tokio::spawn(connection(client, server, current.clone()));
                }
            }
        }
    }
}

/// Why a connection ends before both sides have closed it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    Reset,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Reset
    }
}

async fn connection(mut client: TcpStream, server: SocketAddr, link: watch::Sender<Current>) {
    let ended = tokio::select! {
        biased;
        end = broken(link.subscribe()) => Err(end),
        ended = both_ways(&mut client, server, &link) => ended,
    };
    if ended == Err(End::Reset) {
        // Without lingering, closing sends a reset. One that cannot be set belongs to a connection that is gone.
        let _ = client.set_zero_linger();
    }
}

/// Waits for a link that no connection outlives.
async fn broken(mut link: watch::Receiver<Current>) -> End {
    match link.wait_for(|(_, link)| matches!(link, Link::Refused | Link::Reset)).await.map(|current| current.1) {
        Ok(Link::Reset) => End::Reset,
        _ => End::Closed,
    }
}

async fn both_ways(client: &mut TcpStream, server: SocketAddr, link: &watch::Sender<Current>) -> Result<(), End> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::try_join!(pass(from_client, to_server, link, false), pass(from_server, to_client, link, true))?;
    Ok(())
}

/// Passes on what comes, as the link is when it has come.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    link: &watch::Sender<Current>,
    is_reply: bool,
) -> Result<(), End> {
    let mut waiting = link.subscribe();
    let mut buffer = vec![0; 16 * 1024];
    // Of which link how many bytes have passed.
    let mut passed = (0, 0);
    loop {
        let read = from.read(&mut buffer).await?;
        let waited = waiting.wait_for(|(_, link)| *link != Link::Stalled).await.map(|current| *current);
        let (number, now) = waited.map_err(|_| End::Closed)?;
        if read == 0 {
            to.shutdown().await?;
            return Ok(());
        }
        if passed.0 != number {
            passed = (number, 0);
        }
        let piece = &mut buffer[..read];
        let mut whole = true;
        let mut end = read;
        match now {
            Link::Slow(delay) => sleep(delay).await,
            Link::Garbled if is_reply => piece.iter_mut().for_each(|byte| *byte = !*byte),
            Link::Cut(most) | Link::CutOnce(most) if is_reply => {
                end = read.min(usize::try_from(most - passed.1).unwrap_or(read));
                whole = end == read;
                passed.1 += end as u64;
            }
            Link::Open
            | Link::Refused
            | Link::Reset
            | Link::Stalled
            | Link::Garbled
            | Link::Cut(_)
            | Link::CutOnce(_) => {}
        }
        to.write_all(&piece[..end]).await?;
        if !whole {
            if matches!(now, Link::CutOnce(_)) {
                link.send_if_modified(|current| {
                    let is_mine = current.0 == number;
                    if is_mine {
                        *current = (number + 1, Link::Open);
                    }
                    is_mine
                });
            }
            return Err(End::Closed);
        }
    }
}

#[cfg(test)]
mod tests;
