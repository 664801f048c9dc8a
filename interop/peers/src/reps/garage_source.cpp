#include "source.h"
#include "rep_garage_source.h"

class GarageImpl : public GarageSimpleSource, public peer::Setters
{
public:
    explicit GarageImpl(QObject *parent) : GarageSimpleSource(parent) { setter("id", this, &GarageImpl::setId); }
    QString package(int go, double chan, const QString &var, bool defer, qint64 import, const QUrl &url, const QStringList &range,
                    Kind kind, const Job &type, const QVariant &interface) override
    {
        emit select(go + 1, -chan, var.toUpper(), !defer, import - 1, url, range + range, kind == Car ? Id : Car, type, interface);
        return QString("%1 %2 %3").arg(var, url.toString(), type.type());
    }
    int close(int ctx) override
    {
        emit closed(ctx);
        return ctx + 1;
    }
    QString string(const QString &string) override { return string + string; }
    Job wait(Job r, int err, int s) override { return Job(err + s, r.type(), r.url(), r.range()); }
    void fallthrough(const QUrl &url) override { setUrl(url); }
};

static peer::Host garageObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<GarageSourceAPI>("Garage", new GarageImpl(parent)); });
