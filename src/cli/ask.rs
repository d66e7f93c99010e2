//! Questions to the record: of a server, or of a log on which no server need run.
//!
//! What must hold: both give the same answers, since a log without a server is asked through the
//! same REST interface, which this process then serves to itself, with a key that nobody else has.
//! Only reading: beside a running server its log is opened read-only; where lists come from is in
//! [`super::tables`].

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::Value;
use tokio::sync::watch;

use super::client::{Answer, Client, ServerArgs};
use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::{Exit, failure};
use super::language::LanguageArgs;
use super::node::epochs_of;
use super::output::Format;
use super::person_keys;
use super::progress::{Interrupt, bar};
use super::running::api_state;
use super::stores::{Access, ledger_folder, open_documents, open_log};
use super::tables::Tables;
use super::token::{new_id, random, token};
use crate::api::auth::{LocalVerifier, Role, TokenKey};
use crate::api::{Served, serve};
use crate::app::clock::SystemClock;
use crate::app::{App, Parts, book_of, start_reading};
use crate::domain::measure_file::FILES;
use crate::ledger::Ledger;
use crate::log::EventLog;
use crate::projection::{self, Copies as _, Rebuild, SqliteCopies, Status, StoreError};

/// How long the token of a question lasts that this process asks itself.
const TTL_S: u32 = 3600;

/// Where the record is, and in which form to show it.
#[derive(Debug, clap::Args)]
pub struct AskArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Address of the log, sqlite:<path>; a server may be running on it [default: store.log]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "server")]
    log: Option<String>,
    /// Address of the documents; needed only for measure editions of other versions of docket
    #[arg(long, value_name = "ADDRESS", conflicts_with = "server")]
    documents: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub output: Format,
    #[command(flatten)]
    language: LanguageArgs,
}

/// Something that answers.
pub struct Asker {
    client: Client,
    behind: Option<Behind>,
}

/// What answers where no server runs.
struct Behind {
    served: Served,
    /// The log, where it was opened for this.
    log: Option<Arc<dyn EventLog>>,
    _tables: Tables,
}

impl AskArgs {
    /// Opens what is to be asked; `lists`: whether lists will be.
    ///
    /// # Errors
    /// No server or log, no token, a log that can't be opened.
    pub async fn open(&self, lists: bool) -> anyhow::Result<Asker> {
        let language = Some(self.language.language().tag());
        let names_log = self.log.is_some() || self.place.data_dir.is_some();
        if let Some(client) = self.server.client(names_log, language)? {
            return Ok(Asker { client, behind: None });
        }
        self.open_log(lists, language).await
    }

    async fn open_log(&self, lists: bool, language: Option<&'static str>) -> anyhow::Result<Asker> {
        let args = ConfigArgs {
            log: self.log.clone(),
            documents: self.documents.clone(),
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).to_string()),
            ..ConfigArgs::from(self.place.clone())
        };
        let (config, _) = Config::load(&args, std::env::vars())?;
        let log = open_log(&config, Access::Read).await?;
        let tables = if lists { Tables::of(&log, &config).await? } else { Tables::none() };
        let mut asker = Asker::of_tables(&log, config, tables, language).await?;
        asker.behind.iter_mut().for_each(|behind| behind.log = Some(log.clone()));
        Ok(asker)
    }
}

/// The ledger beside a log; nothing where it has none yet.
async fn read_ledger(log: &Arc<dyn EventLog>, config: &Config) -> anyhow::Result<Option<Ledger>> {
    let folder = ledger_folder(&config.store.log, config);
    let epochs = book_of(&**log).await?.as_ref().map(epochs_of).unwrap_or_default();
    match Ledger::read(&folder, epochs) {
        Ok(ledger) => Ok(Some(ledger)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("the ledger in {}", folder.display())),
    }
}

/// What answers questions to a log, which it never writes.
pub async fn read_with(log: Arc<dyn EventLog>, config: &Config) -> anyhow::Result<App> {
    let documents = open_documents(config, Access::Read).await?;
    let parts = Parts {
        log,
        documents,
        clock: Arc::new(SystemClock::default()),
        files: FILES,
        new_log_id: uuid::Uuid::nil(),
        origin: None,
        public_key: String::new(),
        cache_bytes: config.cache.enrollment_bytes,
    };
    let app = start_reading(parts).await?;
    Ok(match person_keys::open(config)? {
        Some(keys) => app.with_person_keys(keys, person_keys::fresh),
        None => app,
    })
}

/// Makes the read models of a log in a folder.
pub(super) async fn fill(log: Arc<dyn EventLog>, copies: SqliteCopies) -> anyhow::Result<Status> {
    let runtime = tokio::runtime::Handle::current();
    let interrupt = Interrupt::watch();
    let work = move || {
        let rebuild =
            Rebuild { log, runtime, copies: &copies, projections: projection::all, names: &[] };
        let bar = bar("reading the log");
        let rebuilt = projection::rebuild(&rebuild, &mut |done, total| {
            bar.set_length(total);
            bar.set_position(done);
            !interrupt.is_pressed()
        });
        bar.finish_and_clear();
        let rebuilt = match rebuilt {
            Err(StoreError::Interrupted) => return Err(failure(Exit::Interrupted, "interrupted")),
            rebuilt => rebuilt?,
        };
        let copy = copies.serving()?;
        Ok(Status { copy, position: rebuilt.position, ..Status::default() })
    };
    tokio::task::spawn_blocking(work).await.context("reading the log was interrupted")?
}

impl Asker {
    /// Something that answers of a log, lists too; `anew`: whatever the read models hold.
    ///
    /// # Errors
    /// As [`AskArgs::open`].
    pub async fn of_log(
        log: &Arc<dyn EventLog>,
        mut config: Config,
        anew: bool,
        language: Option<&'static str>,
    ) -> anyhow::Result<Self> {
        config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let tables = match anew {
            true => Tables::anew(log, &config).await?,
            false => Tables::of(log, &config).await?,
        };
        Self::of_tables(log, config, tables, language).await
    }

    async fn of_tables(
        log: &Arc<dyn EventLog>,
        mut config: Config,
        tables: Tables,
        language: Option<&'static str>,
    ) -> anyhow::Result<Self> {
        // One question at a time.
        config.server.workers = Some(1);
        let app = read_with(log.clone(), &config).await?;
        let ledger = read_ledger(log, &config).await?;
        let copies = tables.copies.clone();
        let (_, status) = watch::channel(tables.status.clone());
        let key = TokenKey::generate(&mut random());
        let verifier = LocalVerifier::new(&key, &config.auth.issuer, &config.auth.audience);
        let state = api_state(Arc::new(app), Arc::new(verifier), &config, copies, status);
        let state = Arc::new(match ledger {
            Some(ledger) => state.with_ledger(Arc::new(ledger)),
            None => state,
        });
        let served = serve(config.server.listen, state)?;
        let (id, role) = (new_id().to_string(), Role::Auditor);
        let bearer = token(&key, &config, role, "docket", &id, &[], TTL_S)?;
        let client = Client::new(&format!("http://{}", served.address), bearer, language)?;
        Ok(Self { client, behind: Some(Behind { served, log: None, _tables: tables }) })
    }

    /// The answer at a path of the REST interface.
    ///
    /// # Errors
    /// A problem, with the exit code that it deserves.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Answer> {
        self.client.get(path, query).await
    }

    /// The bytes at a path of the REST interface.
    ///
    /// # Errors
    /// As [`Asker::get`].
    pub async fn bytes(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Vec<u8>> {
        self.client.bytes(path, query).await
    }

    /// A list, every page of it.
    ///
    /// # Errors
    /// As [`Asker::get`].
    pub async fn list(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Answer> {
        let mut whole = self.get(path, query).await?;
        let mut next = whole.take_next();
        while let Some(link) = next {
            let mut page = self.client.get(&link, &[]).await?;
            next = page.take_next();
            if let (Some(items), Some(Value::Array(more))) =
                (whole.body["items"].as_array_mut(), page.body.get_mut("items"))
            {
                items.append(more);
            }
        }
        Ok(whole)
    }

    /// Ends it.
    ///
    /// # Errors
    /// When what answered had failed.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Some(behind) = self.behind {
            behind.served.stop().await?;
            if let Some(log) = behind.log {
                log.close().await;
            }
        }
        Ok(())
    }
}
