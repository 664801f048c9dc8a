// A plain QObject without a .rep: described on the wire by its meta object.
#include "hosted.h"
#include "rep_station_source.h"

using namespace peer;

class Thermostat : public QObject, public Settable
{
    Q_OBJECT
    Q_PROPERTY(double target READ target WRITE setTarget NOTIFY targetChanged)
    Q_PROPERTY(QString zone READ zone NOTIFY zoneChanged)
    Q_PROPERTY(Fan fan READ fan WRITE setFan NOTIFY fanChanged)
    Q_PROPERTY(QVariantMap limits READ limits CONSTANT)
    Q_PROPERTY(Reading inside READ inside NOTIFY insideChanged)
    Q_PROPERTY(QStringList programs MEMBER m_programs NOTIFY programsChanged)
public:
    enum Fan { Off, Low = 2, High = 4 };
    Q_ENUM(Fan)
    double target() const { return m_target; }
    void setTarget(double t) { logWrite("Thermostat", "target", t); if (t != m_target) { m_target = t; emit targetChanged(t); } }
    QString zone() const { return m_zone; }
    Fan fan() const { return m_fan; }
    void setFan(Fan f) { logWrite("Thermostat", "fan", QVariant::fromValue(f)); if (f != m_fan) { m_fan = f; emit fanChanged(f); } }
    QVariantMap limits() const { return {{"min", 5}, {"max", 30.5}}; }
    Reading inside() const { return m_inside; }
    bool setSpecial(const QString &p, const QJsonValue &j) override
    {
        if (p == "zone") { m_zone = j.toString(); emit zoneChanged(); return true; }
        if (p == "inside") { m_inside = fromJson(j, qMetaTypeId<Reading>()).value<Reading>(); emit insideChanged(m_inside); return true; }
        return false;
    }
public slots:
    void boost(int minutes) { logSlot("Thermostat", "boost", {minutes}); emit boosted(minutes, m_zone); }
    bool vacation(const QDate &from, const QDate &to) { logSlot("Thermostat", "vacation", {from, to}); return from < to; }
    QVariantList schedule(int day) { logSlot("Thermostat", "schedule", {day}); return {day, QTime(7, 0), 20.5}; }
signals:
    void targetChanged(double target);
    void zoneChanged();
    void fanChanged(Thermostat::Fan fan);
    void insideChanged(const Reading &inside);
    void programsChanged();
    void boosted(int minutes, const QString &zone);
private:
    double m_target = 20.5;
    QString m_zone = QString::fromUtf8("küche");
    Fan m_fan = Low;
    Reading m_inside = Reading(5, 19.5, "C", true);
    QStringList m_programs{"day", "night"};
};

namespace peer {

void addThermostat(QList<Hosted> &all, QObject *parent)
{
    auto *thermo = new Thermostat;
    thermo->setParent(parent);
    all << Hosted{"Thermostat", thermo, [thermo](QRemoteObjectHostBase *h) { return h->enableRemoting(thermo, QStringLiteral("Thermostat")); }};
}

} // namespace peer

#include "thermostat_source.moc"
