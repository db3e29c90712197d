//! From a configuration to connections, and to a schema of the newest layout.

use std::collections::HashSet;

use memory_core::connect::Migration;
use memory_core::{Error, ErrorKind, Result};

use crate::catalogue::Entry;
use crate::client::{Client, Lease};
use crate::config::PostgresConfig;
use crate::mapping::{Types, column};
use crate::schema::{self, NEWEST, Names, Server};

/// Connections, and what the database was found to be.
#[derive(Debug)]
pub(crate) struct Setup {
    client: Client,
    owner: Option<Client>,
    names: Names,
    server: Server,
    layout: i32,
}

/// What a backend is made of.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) client: Client,
    /// Under row-level security the connection of the tables' owner, if there is one.
    pub(crate) owner: Option<Client>,
    pub(crate) types: Types,
    pub(crate) names: Names,
}

impl Setup {
    /// Connects and looks. Nothing is changed.
    pub(crate) async fn look(config: &PostgresConfig) -> Result<Self> {
        config.check()?;
        let client = Client::new(config)?;
        let owner = config.as_owner().map(|owner| Client::new(&owner)).transpose()?.map(Client::keeping_none);
        let setup = owner.as_ref().unwrap_or(&client);
        let server = ask(setup, config).await?;
        server.check()?;
        let reader = config.row_level_security.then(|| config.user.clone());
        let names = Names { schema: config.schema.clone(), extension: String::new(), reader };
        let layout = if server.has_layout { layout(setup, &names).await? } else { 0 };
        Ok(Self { client, owner, names, server, layout })
    }

    /// What [`Self::made_ready`] would make.
    pub(crate) fn migration(&self) -> Result<Migration> {
        let mut steps = Vec::new();
        if self.server.extension.is_none() && self.server.can_extend {
            steps.push(schema::CREATE_EXTENSION.to_owned());
        } else {
            self.server.extension()?;
        }
        let migrations = self.names.migrations(self.layout)?;
        if self.layout == 0 {
            steps.push(self.names.create_schema());
        }
        steps.extend(migrations);
        let from = u32::try_from(self.layout).unwrap_or_default();
        Ok(Migration::new(format!("the schema {}", self.names.schema), from, NEWEST, steps))
    }

    /// Makes the extension, the schema and its tables where they are absent, or brings them to the newest layout, if the
    /// configuration lets it.
    pub(crate) async fn made_ready(self, config: &PostgresConfig) -> Result<Ready> {
        let Self { client, owner, mut names, mut server, layout } = self;
        let setup = owner.as_ref().unwrap_or(&client);
        // Under row-level security the application's user makes nothing.
        let may_make = !config.existing_only && (owner.is_some() || !config.row_level_security);
        if server.extension.is_none() && server.can_extend && may_make {
            let lease = setup.lease().await?;
            let made = lease.batch(&format!("BEGIN; {}; {}; COMMIT", names.lock(), schema::CREATE_EXTENSION)).await;
            // Without the right to do so, what `extension` says next is the error.
            if made.is_ok() {
                lease.settle(made)?;
                server = ask(setup, config).await?;
            }
        }
        let (extension, types) = server.extension()?;
        names.extension = extension;
        let is_current = names.migrations(layout)?.is_empty();
        if !is_current && layout == 0 && config.existing_only {
            let message = format!("the database has no schema {} of this program", config.schema);
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        if !is_current && config.row_level_security && owner.is_none() {
            return Err(no_owner());
        }
        if !is_current {
            migrate(setup, &names).await?;
        }
        if names.reader.is_some() {
            if let Some(owner) = &owner {
                secure(owner, &types, &names).await?;
            }
            check_reader(&client, &types, &names).await?;
        }
        Ok(Ready { client, owner, types, names })
    }
}

/// What a call is told that only the owner may make.
pub(crate) fn no_owner() -> Error {
    let message =
        "with row-level security only the tables' owner does this: give its user and password (owner_user) too";
    Error::new(ErrorKind::PermissionDenied, message)
}

/// Secures what was made without, and lets the reader in.
async fn secure(owner: &Client, types: &Types, names: &Names) -> Result<()> {
    let lease = owner.lease().await?;
    lease.batch(&format!("BEGIN; {}", names.lock())).await?;
    let unsecured: HashSet<String> =
        lease.rows(types, &names.unsecured()).await?.iter().map(|row| column(row, 0)).collect::<Result<_>>()?;
    let mut tables = Vec::new();
    for row in lease.rows(types, &names.entries()).await? {
        let Some(entry) = Entry::read(&row, 0)? else { continue };
        tables.push(names.table(entry.spec.name(), entry.number).records);
        if unsecured.contains(entry.spec.name().as_str()) {
            lease.batch(&names.secure(&entry)).await?;
        }
    }
    grant(&lease, types, names, &tables).await?;
    let committed = lease.batch("COMMIT").await;
    lease.settle(committed)?;
    Ok(())
}

/// Gives the reader, if there is one, its rights on the schema and these tables.
pub(crate) async fn grant(lease: &Lease<'_>, types: &Types, names: &Names, tables: &[String]) -> Result<()> {
    for row in lease.rows(types, &names.grants(tables)).await? {
        lease.batch(column(&row, 0)?).await?;
    }
    Ok(())
}

/// Refuses a user that row-level security does not hold.
async fn check_reader(client: &Client, types: &Types, names: &Names) -> Result<()> {
    let rows = client.read(types, &names.reader()).await?;
    let row = rows.first().ok_or_else(|| Error::internal("the server does not know the user"))?;
    for (at, what) in ["a superuser", "free of row-level security (BYPASSRLS)", "the owner of the schema or its tables"]
        .into_iter()
        .enumerate()
    {
        if column(row, at)? {
            let message =
                format!("the user is {what}, so row-level security does not hold it: connect as an ordinary one");
            return Err(Error::new(ErrorKind::PermissionDenied, message));
        }
    }
    Ok(())
}

/// What the server says of itself.
async fn ask(client: &Client, config: &PostgresConfig) -> Result<Server> {
    let rows = client.read(&Types::none(), &schema::server(&config.schema)).await?;
    Server::read(rows.first().ok_or_else(|| Error::internal("the server says nothing of itself"))?)
}

async fn layout(client: &Client, names: &Names) -> Result<i32> {
    let rows = client.read(&Types::none(), &names.layout()).await?;
    rows.first().map_or(Ok(0), |row| column(row, 0))
}

/// Brings the schema to the newest layout.
async fn migrate(client: &Client, names: &Names) -> Result<()> {
    let lease = client.lease().await?;
    lease.batch(&format!("BEGIN; {}", names.lock())).await?;
    // Another process may have done it meanwhile.
    let rows = lease.rows(&Types::none(), &schema::server(&names.schema)).await?;
    let has_layout = rows.first().map_or(Ok(false), |row| Server::read(row).map(|server| server.has_layout))?;
    let layout = if has_layout {
        lease.rows(&Types::none(), &names.layout()).await?.first().map_or(Ok(0), |row| column(row, 0))?
    } else {
        0
    };
    for sql in names.migrations(layout)? {
        lease.batch(&names.create_schema()).await?;
        lease.batch(&sql).await?;
    }
    let committed = lease.batch("COMMIT").await;
    lease.settle(committed)?;
    Ok(())
}
