//! Connections: the pool, and statements on it. Nothing here knows what a statement is about.

use std::fmt;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use futures_util::future::join4;
use futures_util::{Stream, StreamExt as _, pin_mut};
use memory_core::{Error, ErrorKind, Result};
use tokio::runtime::Handle;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::PostgresConfig;
use crate::driver::{self, GRACE};
use crate::error::{from_driver, from_pool, is_to_repeat, leaves_outcome_open};
use crate::mapping::Types;
use crate::query::{Statement, visible};

/// How long one statement of a maintenance task may take.
const PATIENCE: Duration = Duration::from_secs(24 * 3_600);

/// How often a write that others' transactions were in the way of is run.
const MOST_TRIES: usize = 10;

/// The connections to one database.
pub(crate) struct Client {
    pub(crate) pool: Pool,
    tls: MakeRustlsConnect,
    statement_timeout: Duration,
    connect_timeout: Duration,
    keeps_prepared: bool,
    /// Whether the pool gets connections back: not where they are needed once in a while.
    keeps_connections: bool,
    runtime: Handle,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("pool", &self.pool.status()).finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// `InvalidArgument` outside a tokio runtime and for root certificates that cannot be read.
    pub(crate) fn new(config: &PostgresConfig) -> Result<Self> {
        let runtime = Handle::try_current();
        let runtime = runtime.map_err(|_| Error::invalid("memory-postgres runs on tokio: call it inside a runtime"))?;
        let tls = MakeRustlsConnect::new(driver::tls(config)?);
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(driver::config(config), tls.clone(), manager))
            .max_size(config.pool_size)
            .wait_timeout(Some(config.wait_timeout))
            .create_timeout(Some(config.connect_timeout))
            .recycle_timeout(Some(config.connect_timeout))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|_| Error::internal("the pool was set up wrongly"))?;
        Ok(Self {
            pool,
            tls,
            statement_timeout: config.statement_timeout,
            connect_timeout: config.connect_timeout,
            keeps_prepared: !config.pooler,
            keeps_connections: true,
            runtime,
        })
    }

    /// With connections that are closed after use.
    pub(crate) fn keeping_none(self) -> Self {
        Self { keeps_connections: false, ..self }
    }

    /// A connection for as long as it is held.
    pub(crate) async fn lease(&self) -> Result<Lease<'_>> {
        let object = Some(self.pool.get().await.map_err(from_pool)?);
        Ok(Lease { client: self, object, deadline: self.statement_timeout + GRACE })
    }

    /// A connection in a transaction whose statements may take as long as they need: for the work of a maintenance task.
    pub(crate) async fn patient_lease(&self) -> Result<Lease<'_>> {
        let mut lease = self.lease().await?;
        lease.deadline = PATIENCE;
        lease.batch("BEGIN; SET LOCAL statement_timeout = 0").await?;
        Ok(lease)
    }

    /// The rows that a statement answers in a transaction that begins so, in one round trip.
    pub(crate) async fn read_in(&self, types: &Types, begin: &str, statement: &Statement) -> Result<Vec<Row>> {
        let lease = self.lease().await?;
        let rows = lease.transaction(types, begin, statement).await;
        lease.settle(rows).map_err(Undone::into_error)
    }

    /// The rows that a statement answers, which changes nothing.
    pub(crate) async fn read(&self, types: &Types, statement: &Statement) -> Result<Vec<Row>> {
        let lease = self.lease().await?;
        let rows = lease.alone(types, statement).await;
        lease.settle(rows).map_err(Undone::into_error)
    }

    /// Gives each row that a statement answers to `each`, as they come.
    pub(crate) async fn read_each(
        &self,
        types: &Types,
        statement: &Statement,
        mut each: impl FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let lease = self.lease().await?;
        lease.batch("BEGIN").await?;
        lease.name_scope(types, statement).await?;
        let rows = lease.stream(types, statement).await?;
        pin_mut!(rows);
        // Between two rows as long as for the first.
        while let Some(row) = lease.within(rows.next()).await.map_err(Undone::into_error)? {
            each(row.map_err(from_driver)?)?;
        }
        let ended = lease.batch("COMMIT").await;
        lease.settle(ended)?;
        Ok(())
    }

    /// The rows of a statement that writes. It is run again if other transactions were in its way, for then nothing of it stays.
    ///
    /// # Errors
    /// Those of the server; the outcome is open unless the server says that nothing was written.
    pub(crate) async fn write(&self, types: &Types, statement: &Statement) -> Result<Vec<Row>> {
        let mut tries = 0;
        loop {
            tries += 1;
            let lease = self.lease().await?;
            let rows = lease.alone(types, statement).await;
            match lease.settle(rows) {
                Err(undone) if undone.repeat && tries < MOST_TRIES => {}
                Err(undone) => return Err(undone.into_written()),
                Ok(rows) => return Ok(rows),
            }
        }
    }

    /// What statements answer that write all or nothing: nothing, unless `keep` says so of the answers. They are run again if other
    /// transactions were in their way.
    ///
    /// # Errors
    /// Those of the server; the outcome is open if it does not answer the commit.
    pub(crate) async fn write_together(
        &self,
        types: &Types,
        statements: &[&Statement],
        keep: impl Fn(&[Vec<Row>]) -> Result<bool>,
    ) -> Result<Vec<Vec<Row>>> {
        if let [statement] = statements
            && !statement.conditional
        {
            return Ok(vec![self.write(types, statement).await?]);
        }
        let mut tries = 0;
        loop {
            tries += 1;
            // Whatever fails before the commit leaves nothing: the lease ends the connection, and that the transaction.
            let lease = self.lease().await?;
            let answers = match lease.begun(types, statements).await {
                Err(undone) if undone.repeat && tries < MOST_TRIES => continue,
                answers => answers?,
            };
            if keep(&answers)? {
                let committed = lease.batch("COMMIT").await;
                lease.settle(committed).map_err(Undone::into_written)?;
            } else {
                let undone = lease.batch("ROLLBACK").await;
                lease.settle(undone)?;
            }
            return Ok(answers);
        }
    }

    /// Refuses a call after `close`.
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.pool.is_closed() { Err(from_pool(PoolError::Closed)) } else { Ok(()) }
    }

    /// Runs a task to its end, whether the caller waits for it or not.
    pub(crate) async fn owned<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let ended = self.runtime.spawn(task).await;
        ended.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Unavailable, "the runtime is stopping").with_open_outcome(true))
        })
    }
}

/// Why a statement has no answer.
#[derive(Debug)]
pub(crate) struct Undone {
    error: Error,
    /// Whether the server has not said that nothing of it stays.
    open: bool,
    /// Whether to run the transaction again.
    repeat: bool,
}

impl Undone {
    fn late() -> Self {
        let message = "the server does not answer: see that it runs and can be reached, or raise statement_timeout";
        Self { error: Error::new(ErrorKind::Timeout, message), open: true, repeat: false }
    }

    pub(crate) fn into_error(self) -> Error {
        self.error
    }

    /// For a write.
    pub(crate) fn into_written(self) -> Error {
        if self.open { self.error.with_open_outcome(false) } else { self.error }
    }
}

impl From<tokio_postgres::Error> for Undone {
    fn from(error: tokio_postgres::Error) -> Self {
        Self { open: leaves_outcome_open(&error), repeat: is_to_repeat(&error), error: from_driver(error) }
    }
}

impl From<Undone> for Error {
    fn from(undone: Undone) -> Self {
        undone.error
    }
}

/// A connection that is used. Unless it is [settled](Self::settle), the pool does not get it back: what runs on it is cancelled, and
/// it is closed, which also undoes a transaction.
pub(crate) struct Lease<'a> {
    client: &'a Client,
    object: Option<Object>,
    /// How long one statement may take.
    deadline: Duration,
}

impl Lease<'_> {
    fn object(&self) -> Result<&Object, Undone> {
        let gone =
            || Undone { error: Error::internal("a connection is used after its end"), open: false, repeat: false };
        self.object.as_ref().ok_or_else(gone)
    }

    /// Gives the connection back, unless it may not be in order.
    pub(crate) fn settle<T>(mut self, answer: Result<T, Undone>) -> Result<T, Undone> {
        if answer.as_ref().map_or_else(|undone| !undone.open, |_| true) {
            let object = self.object.take();
            if !self.client.keeps_connections {
                drop(object.map(Object::take));
            }
        }
        answer
    }

    async fn within<F: Future>(&self, future: F) -> Result<F::Output, Undone> {
        tokio::time::timeout(self.deadline, future).await.map_err(|_| Undone::late())
    }

    async fn stream(
        &self,
        types: &Types,
        statement: &Statement,
    ) -> Result<impl Stream<Item = Result<Row, tokio_postgres::Error>> + use<>, Undone> {
        let object = self.object()?;
        let prepared = self.prepared(types, statement).await?;
        let rows = self.within(async {
            match &prepared {
                Some(prepared) => {
                    object.query_raw(prepared, statement.values.iter().map(|value| value as &(dyn ToSql + Sync))).await
                }
                None => {
                    let typed = statement.values.iter().map(|value| (value as &(dyn ToSql + Sync), types.of(value)));
                    object.query_typed_raw(&statement.sql, typed.collect::<Vec<(&(dyn ToSql + Sync), Type)>>()).await
                }
            }
        });
        Ok(rows.await??)
    }

    async fn name_scope(&self, types: &Types, statement: &Statement) -> Result<(), Undone> {
        if let Some(naming) = statement.scope.as_ref().map(visible) {
            self.rows(types, &naming).await?;
        }
        Ok(())
    }

    /// The rows of a statement that is a transaction of its own.
    async fn alone(&self, types: &Types, statement: &Statement) -> Result<Vec<Row>, Undone> {
        match statement.scope {
            None => self.rows(types, statement).await,
            Some(_) => self.transaction(types, "BEGIN", statement).await,
        }
    }

    /// The same in a transaction that begins so. All of it is sent before the first answer comes.
    async fn transaction(&self, types: &Types, begin: &str, statement: &Statement) -> Result<Vec<Row>, Undone> {
        // What is to be kept prepared is prepared before, for the order in which the parts are sent is that of their first steps.
        self.prepared(types, statement).await?;
        let naming = statement.scope.as_ref().map(visible);
        let name = async {
            match &naming {
                Some(naming) => self.rows(types, naming).await.map(|_| ()),
                None => Ok(()),
            }
        };
        let (begun, named, rows, ended) =
            join4(self.batch(begin), name, self.rows(types, statement), self.batch("COMMIT")).await;
        ended.and(begun).and(named).and(rows)
    }

    /// The statement as the connection keeps it, if it does.
    async fn prepared(
        &self,
        types: &Types,
        statement: &Statement,
    ) -> Result<Option<tokio_postgres::Statement>, Undone> {
        if !statement.kept || !self.client.keeps_prepared {
            return Ok(None);
        }
        let kinds: Vec<Type> = statement.values.iter().map(|value| types.of(value)).collect();
        Ok(Some(self.within(self.object()?.prepare_typed_cached(&statement.sql, &kinds)).await??))
    }

    /// The rows that a statement answers.
    pub(crate) async fn rows(&self, types: &Types, statement: &Statement) -> Result<Vec<Row>, Undone> {
        let rows = self.stream(types, statement).await?;
        pin_mut!(rows);
        let all = async {
            let mut all = Vec::new();
            while let Some(row) = rows.next().await {
                all.push(row?);
            }
            Ok::<_, tokio_postgres::Error>(all)
        };
        Ok(self.within(all).await??)
    }

    /// Begins a transaction and runs these in it.
    async fn begun(&self, types: &Types, statements: &[&Statement]) -> Result<Vec<Vec<Row>>, Undone> {
        self.batch("BEGIN").await?;
        let mut answers = Vec::with_capacity(statements.len());
        for statement in statements {
            self.name_scope(types, statement).await?;
            answers.push(self.rows(types, statement).await?);
        }
        Ok(answers)
    }

    /// Runs SQL without values, any number of statements.
    pub(crate) async fn batch(&self, sql: &str) -> Result<Vec<SimpleQueryMessage>, Undone> {
        Ok(self.within(self.object()?.simple_query(sql)).await??)
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        let connection = Object::take(object);
        let (cancel, tls, time) = (connection.cancel_token(), self.client.tls.clone(), self.client.connect_timeout);
        self.client.runtime.spawn(async move {
            // Whether it arrives or not, the connection is closed next.
            let _ = tokio::time::timeout(time, cancel.cancel_query(tls)).await;
            drop(connection);
        });
    }
}
