//! `igny8 keywords import | export | cluster`.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use igny8_data::{Read, Select, SiteScope, Write};
use igny8_planner::cluster::{self, Clustering, Graph};
use igny8_planner::keyword_file::{
    self, ColumnChoice, CsvWriter, Delimiter, HeaderAt, KeywordFile, KeywordRow, Packed,
};

use super::progress::Progress;
use super::{CommandResult, database, site};
use crate::app::App;
use crate::backup::Progress as _;
use crate::config::Config;
use crate::features::planner::api::KeywordFilter;
use crate::features::planner::export::Export;
use crate::features::planner::import::{self, ImportReport, Watch};
use crate::features::sites::Sector;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Bring a file of keywords into a sector of a site.
    Import(ImportArgs),
    /// Write keywords as CSV that `import` takes back unchanged.
    Export(ExportArgs),
    /// Group the keywords of a file, without a database.
    Cluster(ClusterArgs),
}

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 keywords import semrush.csv --site blog --sector coffee
  igny8 keywords import 'Keyword Stats.csv' --site blog --sector coffee --dry-run
  igny8 keywords import ours.csv --site blog --sector coffee --column 'What they type' --column '3:volume'

Exports of Google Keyword Planner, Google Search Console, Semrush, Ahrefs, Moz and Ubersuggest are recognised, and so are
tables with a header and lists of one keyword a line. Rows of one keyword are joined. Keywords that are there take the file's
figures and keep their status and cluster. Rows that are wrong are listed with their line; the rest goes in. Importing a file again changes nothing.")]
pub struct ImportArgs {
    /// The file: CSV, TSV, Excel, Search Console's ZIP, or one keyword a line.
    file: PathBuf,
    /// Slug of the site.
    #[arg(long)]
    site: String,
    /// Slug or name of the sector.
    #[arg(long)]
    sector: String,
    /// Make the sector if the site has none of this name.
    #[arg(long)]
    create: bool,
    /// Make the clusters that keywords name and the sector does not have, with the hubs above them.
    #[arg(long)]
    make_clusters: bool,
    /// Change nothing, only say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Write every problem into this file, as CSV.
    #[arg(long, value_name = "FILE")]
    problems: Option<PathBuf>,
    /// The report as one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    read: ReadArgs,
}

/// What is known better than it would be found out.
#[derive(clap::Args)]
pub struct ReadArgs {
    /// A column, by its name or number from 1, and what it holds; the keywords, unless something else follows a colon:
    /// `Phrase`, `3:volume`, `Notes:ignore`. May be given several times.
    #[arg(long, value_name = "COLUMN[:FIELD]")]
    column: Vec<ColumnChoice>,
    /// The line of the header, or `none`.
    #[arg(long, value_name = "LINE")]
    header: Option<HeaderAt>,
    /// What separates cells: comma, semicolon, tab, pipe, or none.
    #[arg(long)]
    delimiter: Option<Delimiter>,
    /// The file's encoding: utf-8, utf-16le, windows-1251, shift_jis.
    #[arg(long, value_parser = keyword_file::encoding)]
    encoding: Option<String>,
}

impl ReadArgs {
    fn options(&self) -> keyword_file::Options {
        keyword_file::Options {
            columns: self.column.clone(),
            header: self.header.unwrap_or_default(),
            delimiter: self.delimiter,
            encoding: self.encoding.clone(),
            ..keyword_file::Options::default()
        }
    }
}

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 keywords export --site blog > keywords.csv
  igny8 keywords export --site blog --sector coffee --out coffee.csv")]
pub struct ExportArgs {
    /// Slug of the site.
    #[arg(long)]
    site: String,
    /// Slug or name of a sector; all of the site's without.
    #[arg(long)]
    sector: Option<String>,
    /// The file to write; standard output without.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 keywords cluster semrush.csv
  igny8 keywords cluster keywords.txt --csv > clustered.csv
  igny8 keywords import clustered.csv --site blog --sector coffee --make-clusters
  igny8 keywords cluster labelled.tsv --column 2 --json

Every row with a text comes out, of any length, and as it is written. As CSV the rows have the file's order; as JSON and as
text the largest clusters come first, and in them the primary keyword, the most searched and the most alike. In CSV, texts
that a spreadsheet would run as formulas get an apostrophe before them, which `import` takes off again.")]
pub struct ClusterArgs {
    /// The file: CSV, TSV, Excel, Search Console's ZIP, or one keyword a line.
    file: PathBuf,
    /// Language of the keywords: en, de, pt-BR.
    #[arg(long, default_value = "en")]
    language: String,
    /// From 0 (few and wide) to 1 (many and narrow).
    #[arg(long, default_value_t = 0.5, value_parser = granularity)]
    granularity: f64,
    /// Split clusters of more different keywords than this, however alike they are.
    #[arg(long, value_name = "KEYWORDS", default_value_t = cluster::Options::default().max_size, value_parser = max_size)]
    max_size: usize,
    /// Everything that is known of the clusters, as JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// The keywords with their clusters, as CSV that `import` takes.
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    read: ReadArgs,
}

fn granularity(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("must be a number from 0 to 1".into()),
    }
}

fn max_size(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(size) if cluster::Options::SIZES.contains(&size) => Ok(size),
        _ => Err(format!(
            "must be a whole number from {} to {}",
            cluster::Options::SIZES.start(),
            cluster::Options::SIZES.end()
        )),
    }
}

/// Import and export; clustering needs neither configuration nor database ([`cluster()`]).
pub async fn run(config: Config, command: Command) -> CommandResult {
    if let Command::Cluster(args) = command {
        return self::cluster(&args);
    }
    let app = database::app(config).await?;
    let result = match command {
        Command::Import(args) => import(&app, args).await,
        Command::Export(args) => export(&app, args).await,
        Command::Cluster(_) => Ok(()),
    };
    app.db.close().await?;
    result
}

struct Shown {
    progress: Progress,
    told: std::sync::atomic::AtomicU64,
}

impl Watch for Shown {
    fn at(&self, _: u64, rows: u64) {
        let before = self.told.swap(rows, std::sync::atomic::Ordering::Relaxed);
        self.progress.add(rows.saturating_sub(before));
    }
}

async fn import(app: &App, args: ImportArgs) -> CommandResult {
    let file = open(&args.file)?;
    let (actor, site) = site::existing(app, &args.site).await?;
    let scope = actor.site::<Write>(&app.db, site.id).await?;
    let sector = match sector(app, &scope, &args.sector).await? {
        Ok(sector) => sector.id,
        Err(_) if args.create && !args.dry_run => {
            let slug = slug::slugify(&args.sector);
            if slug.is_empty() {
                return Err(format!("`{}` is no name for a sector", args.sector).into());
            }
            let now = app.db.clock().now();
            let row = Sector {
                id: app.db.ids().make(),
                account: scope.account(),
                site: scope.site(),
                name: args.sector.clone(),
                slug,
                description: String::new(),
                active: true,
                rev: 1,
                created_at: now,
                updated_at: now,
                deleted_at: None,
            };
            let id = row.id;
            let mut tx = app.db.site(&scope).tx();
            tx.create(row);
            tx.commit().await?;
            id
        }
        Err(message) => return Err(format!("{message}; add --create to make it").into()),
    };
    let shown = Arc::new(Shown {
        progress: Progress::new("keywords", None),
        told: Default::default(),
    });
    shown.progress.step("importing");
    let started = Instant::now();
    let options = import::Options {
        dry_run: args.dry_run,
        make_clusters: args.make_clusters,
        read: args.read.options(),
        ..import::Options::default()
    };
    let problems = args.problems.as_ref().map(File::create).transpose()?;
    let report = import::import(app, Arc::new(scope), sector, file, options, problems, shown.clone()).await;
    shown.progress.finish();
    let report = report.map_err(|error| format!("{}: {error}", args.file.display()))?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        show(&args, &report, started.elapsed().as_secs_f64());
    }
    Ok(())
}

fn show(args: &ImportArgs, report: &ImportReport, seconds: f64) {
    let file = args.file.display();
    for problem in &report.problems {
        println!("{file}:{}: {}", problem.line, problem.reason);
    }
    let more = (report.wrong + report.warnings).saturating_sub(report.problems.len() as u64);
    if more > 0 {
        println!("{more} more problems; --problems FILE writes all of them");
    }
    for note in &report.notes {
        println!("note: {note}");
    }
    if report.unknown_clusters > 0 {
        println!(
            "note: {} keywords came without their cluster, which the sector does not have; --make-clusters makes them",
            report.unknown_clusters
        );
    }
    println!(
        "{} ({}): {} keywords added, {} changed, {} unchanged, {} rows joined to others, {} rows left out; {seconds:.1} s{}",
        report.source,
        report.encoding,
        report.added,
        report.changed,
        report.unchanged,
        report.repeated + report.other_markets,
        report.wrong,
        if report.dry_run {
            "; dry run, nothing was changed"
        } else {
            ""
        },
    );
}

/// The sector of a slug or name, or in words which there are.
async fn sector<A: igny8_data::Access>(
    app: &App,
    scope: &SiteScope<A>,
    named: &str,
) -> Result<Result<Sector, String>, igny8_data::DbError> {
    let mut sectors = app.db.site(scope).list::<Sector>(Select::new()).await?;
    let wanted = sectors.iter().position(|s| s.slug == named || s.name == named);
    Ok(match wanted {
        Some(at) => Ok(sectors.swap_remove(at)),
        None if sectors.is_empty() => Err(format!("there is no sector `{named}`, nor any other")),
        None => {
            let slugs: Vec<&str> = sectors.iter().map(|s| s.slug.as_str()).collect();
            Err(format!("there is no sector `{named}`; there are: {}", slugs.join(", ")))
        }
    })
}

async fn export(app: &App, args: ExportArgs) -> CommandResult {
    let (actor, site) = site::existing(app, &args.site).await?;
    let scope = actor.site::<Read>(&app.db, site.id).await?;
    let mut filter = KeywordFilter::default();
    if let Some(named) = &args.sector {
        filter.sector = Some(sector(app, &scope, named).await??.id);
    }
    let mut to: Box<dyn std::io::Write + Send> = match &args.out {
        Some(path) => Box::new(BufWriter::new(File::create(path)?)),
        None => Box::new(std::io::stdout()),
    };
    let mut export = Export::new(app, scope, filter);
    while let Some(part) = export.next().await? {
        to.write_all(&part)?;
    }
    to.flush()?;
    eprintln!("{} keywords", export.rows);
    Ok(())
}

/// Groups the keywords of a file.
///
/// # Errors
/// When it cannot be read.
pub fn cluster(args: &ClusterArgs) -> CommandResult {
    let shown = args.file.display();
    let options = keyword_file::Options {
        every_row: true,
        ..args.read.options()
    };
    open(&args.file)?;
    let packed = Packed::look(|| File::open(&args.file), &options);
    let file = packed
        .and_then(|packed| KeywordFile::open_with(packed.open(File::open(&args.file)?)?, &packed.options(&options)));
    let mut file = file.map_err(|error| format!("{shown}: {error}"))?;
    let format = file.detected();
    if let (None, 2.., Some(column)) = (
        format.header_line,
        format.columns.len(),
        format.column(keyword_file::Field::Keyword),
    ) {
        eprintln!(
            "{shown}: no header; the keywords are read from column {}",
            column.index + 1
        );
    }
    let mut rows = Vec::new();
    for row in &mut file {
        match row {
            Ok(mut row) => {
                if let Some(written) = row.original.take() {
                    row.text = written;
                }
                rows.push(row);
            }
            Err(problem) => eprintln!("{shown}: {problem}"),
        }
    }
    let keywords: Vec<cluster::Keyword> = rows.iter().map(keyword).collect();
    let options = cluster::Options {
        language: args.language.clone(),
        max_size: args.max_size,
        ..cluster::Options::default()
    };
    let clustering = Graph::new(&keywords, &options).cluster(args.granularity);
    let mut to = BufWriter::new(std::io::stdout().lock());
    if args.json {
        json(&mut to, &clustering, &rows)?;
    } else if args.csv {
        csv(&mut to, &clustering, rows)?;
    } else {
        text(&mut to, &clustering, &rows)?;
    }
    to.flush()?;
    Ok(())
}

fn open(path: &std::path::Path) -> Result<File, String> {
    File::open(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn keyword(row: &KeywordRow) -> cluster::Keyword {
    use igny8_planner::keyword_file::Intent;
    cluster::Keyword {
        volume: row.searches().map(|(volume, _)| volume),
        difficulty: row.difficulty.map(f32::from),
        intent: row.intent.map(|intent| match intent {
            Intent::Informational => cluster::Intent::Informational,
            Intent::Commercial => cluster::Intent::Commercial,
            Intent::Transactional => cluster::Intent::Transactional,
            Intent::Navigational => cluster::Intent::Navigational,
        }),
        serp_urls: row.serp_urls.clone(),
        parent_topic: row.parent_topic.clone(),
        ..cluster::Keyword::new(row.text.clone())
    }
}

fn text(to: &mut impl std::io::Write, clustering: &Clustering, rows: &[KeywordRow]) -> std::io::Result<()> {
    for cluster in &clustering.clusters {
        let volume = cluster
            .volume
            .map(|v| format!(", {v} searches a month"))
            .unwrap_or_default();
        writeln!(to, "{} ({} keywords{volume})", cluster.name, cluster.keywords.len())?;
        for &place in &cluster.keywords {
            writeln!(to, "  {}", rows[place].text)?;
        }
    }
    let clustered = rows.len() - clustering.unclustered.len();
    writeln!(
        to,
        "{} clusters of {clustered} keywords; {} fit nowhere",
        clustering.clusters.len(),
        clustering.unclustered.len()
    )
}

fn csv(to: &mut impl std::io::Write, clustering: &Clustering, mut rows: Vec<KeywordRow>) -> std::io::Result<()> {
    for row in &mut rows {
        row.grouping = keyword_file::Grouping::default();
    }
    for cluster in &clustering.clusters {
        let topic = cluster.parent.map(|hub| clustering.clusters[hub].name.clone());
        for &place in &cluster.keywords {
            let grouping = &mut rows[place].grouping;
            grouping.cluster = Some(cluster.name.clone());
            grouping.topic.clone_from(&topic);
            let role = match cluster.role {
                cluster::Role::Hub => "hub",
                cluster::Role::Supporting => "supporting",
                cluster::Role::Attribute => "attribute",
            };
            grouping.page_type = Some(role.to_owned());
        }
    }
    let mut csv = CsvWriter::new(to)?;
    for row in &rows {
        csv.write(row)?;
    }
    csv.finish().map(|_| ())
}

fn json(to: &mut impl std::io::Write, clustering: &Clustering, rows: &[KeywordRow]) -> CommandResult {
    let texts = |places: &[usize]| {
        places
            .iter()
            .map(|&place| rows[place].text.as_str())
            .collect::<Vec<_>>()
    };
    let mut clusters = Vec::with_capacity(clustering.clusters.len());
    for cluster in &clustering.clusters {
        let mut value = serde_json::to_value(cluster)?;
        value["keywords"] = serde_json::json!(texts(&cluster.keywords));
        value["parent"] = serde_json::json!(cluster.parent.map(|hub| &clustering.clusters[hub].name));
        clusters.push(value);
    }
    let variants: Vec<_> = clustering.variants.iter().map(|places| texts(places)).collect();
    let whole = serde_json::json!({
        "clusters": clusters,
        "unclustered": texts(&clustering.unclustered),
        "variants": variants,
    });
    serde_json::to_writer(&mut *to, &whole)?;
    writeln!(to)?;
    Ok(())
}
