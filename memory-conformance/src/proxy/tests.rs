use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::spawn;
use std::time::Instant;

use super::*;

const LONG: Duration = Duration::from_secs(20);

/// A server that sends back what it gets, and tells it to the test.
fn echo() -> (SocketAddr, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = channel();
    spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, tell) = (stream.unwrap(), tell.clone());
            spawn(move || {
                let mut buffer = [0; 1_000];
                while let Ok(read @ 1..) = stream.read(&mut buffer) {
                    let _ = tell.send(buffer[..read].to_vec());
                    if stream.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                }
            });
        }
    });
    (address, told)
}

struct Setting {
    proxy: Proxy,
    told: Receiver<Vec<u8>>,
}

impl Setting {
    fn new() -> Self {
        let (server, told) = echo();
        Self { proxy: Proxy::start(server).unwrap(), told }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.proxy.address()).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
    }

    /// What the server has heard.
    fn heard(&self) -> Vec<u8> {
        self.told.recv_timeout(LONG).unwrap()
    }
}

fn ask(stream: &mut TcpStream, request: &[u8]) -> Vec<u8> {
    stream.write_all(request).unwrap();
    let mut reply = vec![0; request.len()];
    stream.read_exact(&mut reply).unwrap();
    reply
}

/// What comes until the connection is closed.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    rest
}

fn read_error(stream: &mut TcpStream) -> ErrorKind {
    stream.read(&mut [0]).unwrap_err().kind()
}

#[test]
fn an_open_link_passes_everything_and_the_end_too() {
    let setting = Setting::new();
    let mut stream = setting.connect();
    assert_eq!(ask(&mut stream, b"hello"), b"hello");
    assert_eq!(setting.heard(), b"hello");
    let large = vec![7; 100_000];
    let mut writer = stream.try_clone().unwrap();
    let sent = large.clone();
    spawn(move || {
        writer.write_all(&sent).unwrap();
        writer.shutdown(std::net::Shutdown::Write).unwrap();
    });
    assert_eq!(rest(&mut stream), large);
}

#[test]
fn a_refused_connection_is_refused_until_the_link_is_open() {
    let setting = Setting::new();
    let mut stream = setting.connect();
    ask(&mut stream, b"hello");
    setting.proxy.set(Link::Refused);
    assert_eq!(rest(&mut stream), b"");
    for _ in 0..3 {
        let refused = TcpStream::connect(setting.proxy.address()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
    setting.proxy.set(Link::Open);
    assert_eq!(ask(&mut setting.connect(), b"again"), b"again");
}

#[test]
fn a_reset_hits_open_and_new_connections() {
    let setting = Setting::new();
    let mut stream = setting.connect();
    ask(&mut stream, b"hello");
    setting.proxy.set(Link::Reset);
    assert_eq!(read_error(&mut stream), ErrorKind::ConnectionReset);
    assert_eq!(read_error(&mut setting.connect()), ErrorKind::ConnectionReset);
    setting.proxy.set(Link::Open);
    assert_eq!(ask(&mut setting.connect(), b"again"), b"again");
}

#[test]
fn what_stalls_passes_later() {
    let setting = Setting::new();
    let mut old = setting.connect();
    ask(&mut old, b"hello");
    assert_eq!(setting.heard(), b"hello");
    setting.proxy.set(Link::Stalled);
    let mut new = setting.connect();
    for stream in [&mut old, &mut new] {
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        stream.write_all(b"more").unwrap();
        assert_eq!(read_error(stream), ErrorKind::WouldBlock);
        stream.set_read_timeout(Some(LONG)).unwrap();
    }
    assert!(setting.told.try_recv().is_err(), "the server hears nothing");
    setting.proxy.set(Link::Open);
    for stream in [&mut old, &mut new] {
        let mut reply = [0; 4];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!(&reply, b"more");
    }
}

#[test]
fn a_reply_is_cut_after_so_many_bytes_of_each_connection() {
    let setting = Setting::new();
    let mut streams = [setting.connect(), setting.connect()];
    streams.iter_mut().for_each(|stream| drop(ask(stream, b"before")));
    setting.proxy.set(Link::Cut(5));
    for stream in &mut streams {
        stream.write_all(b"hello world").unwrap();
        assert_eq!(rest(stream), b"hello");
    }
    let mut stream = setting.connect();
    assert_eq!(ask(&mut stream, b"hell"), b"hell");
    setting.proxy.set(Link::Cut(3));
    assert_eq!(ask(&mut stream, b"o w"), b"o w", "set again, it counts anew");
    stream.write_all(b"orld").unwrap();
    assert_eq!(rest(&mut stream), b"");
    let heard: Vec<u8> = (0..7).flat_map(|_| setting.heard()).collect();
    assert_eq!(heard, b"beforebeforehello worldhello worldhello world", "the server hears all");
}

#[test]
fn a_link_that_cuts_once_is_open_afterwards() {
    let setting = Setting::new();
    let mut streams = [setting.connect(), setting.connect()];
    streams.iter_mut().for_each(|stream| drop(ask(stream, b"before")));
    setting.proxy.set(Link::CutOnce(2));
    let [first, second] = &mut streams;
    first.write_all(b"hello").unwrap();
    assert_eq!(rest(first), b"he");
    assert_eq!(ask(second, b"hello"), b"hello");
    assert_eq!(ask(&mut setting.connect(), b"hello"), b"hello");
}

#[test]
fn a_slow_link_is_slow_both_ways() {
    let setting = Setting::new();
    setting.proxy.set(Link::Slow(Duration::from_millis(60)));
    let mut stream = setting.connect();
    let before = Instant::now();
    assert_eq!(ask(&mut stream, b"hello"), b"hello");
    assert!(before.elapsed() >= Duration::from_millis(120), "{:?}", before.elapsed());
}

#[test]
fn replies_are_garbled_and_requests_are_not() {
    let setting = Setting::new();
    setting.proxy.set(Link::Garbled);
    assert_eq!(ask(&mut setting.connect(), &[0, 1, 0xF0]), [0xFF, 0xFE, 0x0F]);
    assert_eq!(setting.heard(), [0, 1, 0xF0]);
}

#[test]
fn a_proxy_that_is_dropped_is_gone() {
    let setting = Setting::new();
    let (mut stream, address) = (setting.connect(), setting.proxy.address());
    ask(&mut stream, b"hello");
    drop(setting);
    assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}
