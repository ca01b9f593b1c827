//! What outlives a restart: silences and the notification log, in one small database file.

use crate::AlertsError;
use model::clock::Millis;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde::{Deserialize, Serialize};
use std::path::Path;

const SILENCES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("silences");
const NOTIFICATIONS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("notifications");

/// The last notification of a group to one integration of a receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationEntry {
    /// Fingerprints, sorted.
    pub firing: Vec<u64>,
    pub resolved: Vec<u64>,
    pub at: Millis,
    pub expires_at: Millis,
}

pub struct State {
    database: Database,
}

impl State {
    /// Opens or makes the file.
    ///
    /// # Errors
    /// [`AlertsError::State`] when it cannot be opened or is no such database.
    pub fn open(path: &Path) -> Result<Self, AlertsError> {
        let error = |reason: String| AlertsError::State { path: path.display().to_string(), reason };
        let database = Database::create(path).map_err(|source| error(source.to_string()))?;
        let state = Self { database };
        // Reading needs the tables to be there.
        state
            .write(|transaction| {
                transaction.open_table(SILENCES)?;
                transaction.open_table(NOTIFICATIONS)?;
                Ok(())
            })
            .map_err(|source| error(source.to_string()))?;
        Ok(state)
    }

    fn write(
        &self,
        change: impl FnOnce(&redb::WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), AlertsError> {
        let run = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            change(&transaction)?;
            transaction.commit()?;
            Ok(())
        };
        run().map_err(|error| AlertsError::Write(error.to_string()))
    }

    fn put<T: Serialize>(
        &self,
        table: TableDefinition<'_, &str, &[u8]>,
        key: &str,
        value: &T,
    ) -> Result<(), AlertsError> {
        let bytes = serde_json::to_vec(value).map_err(|error| AlertsError::Write(error.to_string()))?;
        self.write(|transaction| {
            transaction.open_table(table)?.insert(key, bytes.as_slice())?;
            Ok(())
        })
    }

    /// All entries of a table; one that cannot be read is left out.
    fn all<T: for<'de> Deserialize<'de>>(
        &self,
        table: TableDefinition<'_, &str, &[u8]>,
    ) -> Result<Vec<(String, T)>, AlertsError> {
        let run = || -> Result<Vec<(String, T)>, redb::Error> {
            let transaction = self.database.begin_read()?;
            let table = transaction.open_table(table)?;
            let mut entries = Vec::new();
            for row in table.iter()? {
                let (key, value) = row?;
                match serde_json::from_slice(value.value()) {
                    Ok(entry) => entries.push((key.value().to_owned(), entry)),
                    Err(error) => {
                        tracing::warn!(key = key.value(), %error, "left out an entry of the alerting state");
                    }
                }
            }
            Ok(entries)
        };
        run().map_err(|error| AlertsError::Write(error.to_string()))
    }

    fn remove(&self, table: TableDefinition<'_, &str, &[u8]>, keys: &[String]) -> Result<(), AlertsError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut table = transaction.open_table(table)?;
            for key in keys {
                table.remove(key.as_str())?;
            }
            Ok(())
        })
    }

    pub fn put_silence(&self, silence: &crate::silence::Silence) -> Result<(), AlertsError> {
        self.put(SILENCES, &silence.id, silence)
    }

    pub fn silences(&self) -> Result<Vec<crate::silence::Silence>, AlertsError> {
        Ok(self.all(SILENCES)?.into_iter().map(|(_, silence)| silence).collect())
    }

    pub fn remove_silences(&self, ids: &[String]) -> Result<(), AlertsError> {
        self.remove(SILENCES, ids)
    }

    pub fn put_notification(&self, key: &str, entry: &NotificationEntry) -> Result<(), AlertsError> {
        self.put(NOTIFICATIONS, key, entry)
    }

    pub fn notifications(&self) -> Result<Vec<(String, NotificationEntry)>, AlertsError> {
        self.all(NOTIFICATIONS)
    }

    pub fn remove_notifications(&self, keys: &[String]) -> Result<(), AlertsError> {
        self.remove(NOTIFICATIONS, keys)
    }
}
