// Station and Gauge, and the models Table and Tree.
#include "hosted.h"
#include "rep_station_source.h"

using namespace peer;

class GaugeImpl : public GaugeSimpleSource, public Settable
{
    Q_OBJECT
public:
    explicit GaugeImpl(const QString &name, QObject *parent = nullptr) : GaugeSimpleSource(parent), m_tag(name.toUtf8()) { setObjectName(name); }
    bool setSpecial(const QString &prop, const QJsonValue &v) override
    {
        if (prop != "sample")
            return false;
        setSample(fromJson(v, qMetaTypeId<Reading>()).value<Reading>());
        return true;
    }
    void forceSample(const Reading &r) { setSample(r); }
    void setLabel(QString v) override { logWrite(m_tag, "label", v); GaugeSimpleSource::setLabel(v); }
    void setPressure(double v) override { logWrite(m_tag, "pressure", v); GaugeSimpleSource::setPressure(v); }
    double calibrate(double offset) override
    {
        logSlot(m_tag, "calibrate", {offset});
        setPressure(pressure() + offset);
        return pressure();
    }
private:
    QByteArray m_tag;
};

#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
using AlarmsT = StationTypes::Alarms;
#define ALARMS(n) StationTypes::Alarms(n)
#else
using AlarmsT = StationSimpleSource::Alarms;
#define ALARMS(n) Alarms(n)
#endif

#define WR(Type, name, Cap) \
    void set##Cap(Type v) override { logWrite("Station", #name, QVariant::fromValue(v)); StationSimpleSource::set##Cap(v); }

class StationImpl : public StationSimpleSource, public Settable
{
    Q_OBJECT
public:
    StationImpl(QAbstractItemModel *rows, QObject *parent = nullptr)
        : StationSimpleSource(QStringLiteral("Acme"), parent)
    {
        LocalWrites here;
        setBigSigned(Q_INT64_C(-9007199254740995));
        setBigUnsigned(Q_UINT64_C(18446744073709551615));
        setTitle(QString::fromUtf8("Zürich 東京 \xF0\x9F\x8C\xA6"));
        setEmptyText(QString(""));
        setNullText(QString());
        setBlob(QByteArray("\x00\x01\xfe\xff", 4));
        setTags({"north", QString::fromUtf8("größe"), ""});
        setMixed({1, QString("two"), 3.5, true, QVariant(), QVariantList{QString("nested"), 7}});
        setAttrs({{"alt", 408}, {"name", QString("roof")}, {"nested", QVariantMap{{"k", QByteArray("v")}}}});
        setAnything(QVariant(QPoint(3, -4)));
        setStartedAt(QDateTime(QDate(2024, 2, 29), QTime(12, 34, 56, 789), Qt::UTC));
        setDay(QDate(1999, 12, 31));
        setWakeUp(QTime(6, 30, 0, 250));
        setHome(QUrl("https://example.org/wx%20station?id=1#top"));
        setSerial(QUuid("{6f9619ff-8b86-d011-b42d-00c04fc964ff}"));
        setGrid(QPoint(-3, 7));
        setArea(QSize(640, 480));
        setZone(QRect(10, 20, 300, 400));
        setScale(QSizeF(1.5, -0.25));
        setCounts({1, -2, 2147483647});
        setNames({"alpha", "beta"});
        setTotals({{"rain", 12}, {"sun", -3}});
        setMode(Mode::Sampling);
        setSeason(SeasonEnum::Autumn);
        setAlarms(ALARMS(5));
        setLastReading(Reading(1700000000123, 21.5, QString::fromUtf8("°C"), true));
        setHistory({Reading(1, 1.25, "m/s", false), Reading(2, -0.0, "", true)});
        setLatest({{"in", Reading(10, 20.0, "C", true)}, {"out", Reading(11, -5.0, "C", true)}});
        setSecret("s3cret");
        setGauge(makeGauge());
        setRows(rows);
    }
    Q_INVOKABLE void forget() {}                // not in the .rep: must not be remoted

    GaugeImpl *makeGauge()
    {
        auto *g = new GaugeImpl(QString("gauge#%1").arg(++m_gauges), this);
        LocalWrites here;
        g->setLabel(QString("barometer-%1").arg(m_gauges));
        g->setPressure(1000.0 + m_gauges);
        g->forceSample(Reading(100 + m_gauges, 0.5 * m_gauges, "hPa", true));
        return g;
    }

    bool setSpecial(const QString &p, const QJsonValue &j) override
    {
        if (p == "bigSigned") setBigSigned(fromJson(j, QMetaType::LongLong).toLongLong());
        else if (p == "bigUnsigned") setBigUnsigned(fromJson(j, QMetaType::ULongLong).toULongLong());
        else if (p == "lastReading") setLastReading(fromJson(j, qMetaTypeId<Reading>()).value<Reading>());
        else if (p == "serial") setSerial(QUuid(j.toString()));
        else if (p == "secret") setSecret(fromJson(j, QMetaType::QString).toString());
        else if (p == "gauge") setGauge(j.isNull() ? nullptr : makeGauge());   // "null" or anything else
        else return false;
        return true;
    }

    WR(bool, online, Online)
    WR(int, level, Level)
    WR(uint, ticks, Ticks)
    WR(float, ratio, Ratio)
    WR(double, precise, Precise)
    WR(QString, title, Title)
    WR(QString, emptyText, EmptyText)
    WR(QString, nullText, NullText)
    WR(QByteArray, blob, Blob)
    WR(QStringList, tags, Tags)
    WR(QVariantList, mixed, Mixed)
    WR(QVariantMap, attrs, Attrs)
    void setAnything(QVariant v) override { logWrite("Station", "anything", v); StationSimpleSource::setAnything(v); }
    WR(QDateTime, startedAt, StartedAt)
    WR(QDate, day, Day)
    WR(QTime, wakeUp, WakeUp)
    WR(QUrl, home, Home)
    WR(QPoint, grid, Grid)
    WR(QSize, area, Area)
    WR(QRect, zone, Zone)
    WR(QSizeF, scale, Scale)
    WR(QList<int>, counts, Counts)
    WR(QList<QString>, names, Names)
    using TotalsT = QMap<QString, int>;
    WR(TotalsT, totals, Totals)
    WR(Mode, mode, Mode)
    WR(SeasonEnum::Season, season, Season)
    WR(AlarmsT, alarms, Alarms)
    WR(QList<Reading>, history, History)
    using LatestT = QMap<QString, Reading>;
    WR(LatestT, latest, Latest)
    WR(int, visits, Visits)

    void restart() override { logSlot("Station", "restart", {}); emit started(); }
    void note(const QString &text, int priority) override { logSlot("Station", "note", {text, priority}); }
    int add(int a, int b) override { logSlot("Station", "add", {a, b}); return a + b; }
    QString describe(const QString &prefix, bool loud) override
    {
        logSlot("Station", "describe", {prefix, loud});
        return prefix + title() + (loud ? "!" : ".");
    }
    QVariantMap info(const QStringList &keys) override
    {
        logSlot("Station", "info", {keys});
        QVariantMap m;
        for (const QString &k : keys)
            m.insert(k, k.size());
        m.insert("mode", int(mode()));
        return m;
    }
    Reading measure(const QString &unit, double value) override
    {
        logSlot("Station", "measure", {unit, value});
        return Reading(42, value, unit, value > 0);
    }
    Place locate(const Place &p) override
    {
        logSlot("Station", "locate", {QVariant::fromValue(p)});
        return Place(p.name() + "!", p.grid() + QPoint(1, 1), p.last());
    }
    QList<Reading> recent(int n) override
    {
        logSlot("Station", "recent", {n});
        QList<Reading> l;
        for (int i = 0; i < n; ++i)
            l << Reading(i, i / 2.0, "u", i % 2);
        return l;
    }
    QMap<QString, Reading> index(const QList<Reading> &readings) override
    {
        logSlot("Station", "index", {QVariant::fromValue(readings)});
        QMap<QString, Reading> m;
        for (const Reading &r : readings)
            m.insert(r.unit(), r);
        return m;
    }
    Mode cycle(Mode from) override
    {
        logSlot("Station", "cycle", {QVariant::fromValue(from)});
        return from == Idle ? Sampling : from == Sampling ? Fault : Idle;
    }
    AlarmsT mask(AlarmsT a, SeasonEnum::Season s) override
    {
        logSlot("Station", "mask", {QVariant::fromValue(a), QVariant::fromValue(s)});
        return a & ALARMS(6);
    }
    QVariant echo(const QVariant &value) override
    {
        Event("slot").str("object", "Station").str("slot", "echo").var("args", QVariantList{value}).str("type", value.typeName());
        return value;
    }
    void swapGauge(bool present) override
    {
        logSlot("Station", "swapGauge", {present});
        setGauge(present ? makeGauge() : nullptr);
    }
private:
    int m_gauges = 0;
};

namespace peer {

void addStation(QList<Hosted> &all, QObject *parent)
{
    const int celsius = Qt::UserRole + 1, site = Qt::UserRole + 2;
    auto *rows = new NodeModel(1, {{Qt::DisplayRole, "display"}, {celsius, "celsius"}}, parent);
    for (int i = 0; i < 3; ++i)
        rows->addRow(rows->root(), {{QString("row%1").arg(i), i + 0.5}}, {Qt::DisplayRole, celsius});

    auto *table = new NodeModel(3, {{Qt::DisplayRole, "display"}, {celsius, "celsius"}, {site, "site"}}, parent);
    for (int r = 0; r < 5; ++r) {
        QList<QVariantList> cells;
        for (int c = 0; c < 3; ++c)
            cells << QVariantList{QString("r%1c%2").arg(r).arg(c), r * 10 + c + 0.25, QString(QChar('A' + r))};
        table->addRow(table->root(), cells, {Qt::DisplayRole, celsius, site});
    }
    auto *sel = new QItemSelectionModel(table, parent);

    auto *tree = new NodeModel(2, {{Qt::DisplayRole, "display"}, {celsius, "celsius"}}, parent);
    for (int i = 0; i < 2; ++i) {
        Node *top = tree->addRow(tree->root(), {{QString("top%1").arg(i), i}, {QString("top%1b").arg(i), -i}}, {Qt::DisplayRole, celsius});
        for (int k = 0; k < 3; ++k) {
            Node *mid = tree->addRow(top, {{QString("mid%1.%2").arg(i).arg(k), k}, {QString("m"), -k}}, {Qt::DisplayRole, celsius});
            if (k == 1)
                tree->addRow(mid, {{QString("leaf%1").arg(i), 99}, {QString("l"), 98}}, {Qt::DisplayRole, celsius});
        }
    }

    auto *station = new StationImpl(rows, parent);
    auto *gauge = new GaugeImpl("Gauge", parent);
    all << Hosted{"Station", station, [station](QRemoteObjectHostBase *h) { return h->enableRemoting<StationSourceAPI>(station); }};
    all << Hosted{"Gauge", gauge, [gauge](QRemoteObjectHostBase *h) { return h->enableRemoting<GaugeSourceAPI>(gauge); }};
    all << Hosted{"Table", table, [table, sel, celsius](QRemoteObjectHostBase *h) {
                      return h->enableRemoting(table, "Table", {Qt::DisplayRole, celsius}, sel); },
                  table, {Qt::DisplayRole, celsius, site}, sel};
    all << Hosted{"Tree", tree, [tree, celsius](QRemoteObjectHostBase *h) {
                      return h->enableRemoting(tree, "Tree", {Qt::DisplayRole, celsius}); },
                  tree, {Qt::DisplayRole, celsius}};
    all << Hosted{"rows", rows, [](QRemoteObjectHostBase *) { return true; }, rows, {Qt::DisplayRole, celsius}};
#if QT_VERSION >= QT_VERSION_CHECK(6, 0, 0)
    qRegisterMetaType<StationSource::Alarms>("Alarms");   // or a slot that returns the flag replies nothing
#endif
}

} // namespace peer

#include "station_source.moc"
