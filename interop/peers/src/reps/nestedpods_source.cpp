#include "source.h"
#include "rep_nestedpods_source.h"
#include "nestedpods_types.h"

class WorkshopImpl : public WorkshopSimpleSource, public peer::Setters
{
public:
    explicit WorkshopImpl(QObject *parent) : WorkshopSimpleSource(parent) { setter("joint", this, &WorkshopImpl::setJoint); }
    Machine assemble(const Part &body, const QList<Part> &parts) override { return Machine(int(parts.size()), body, parts, body.name()); }
    Part renamed(const Part &part, const QString &name) override
    {
        Part out(part);
        out.setName(name);
        return out;
    }
    int screws(const QMap<QString, Part> &parts) override
    {
        int n = 0;
        for (const Part &p : parts)
            n += p.joint().count() + int(p.spares().size());
        return n;
    }
    QList<Part> copies(const Part &of, int n) override
    {
        QList<Part> out;
        for (int i = 0; i < n; ++i)
            out << of;
        return out;
    }
};

static peer::Host nestedpodsObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<WorkshopSourceAPI>("Workshop", new WorkshopImpl(parent)); });
