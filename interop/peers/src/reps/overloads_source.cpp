#include "source.h"
#include "rep_overloads_source.h"

class OverloadsImpl : public OverloadsSimpleSource, public peer::Setters
{
public:
    explicit OverloadsImpl(QObject *parent) : OverloadsSimpleSource(parent) { setter("calls", this, &OverloadsImpl::setCalls); }
    QString join() override { return told("-"); }
    QString join(const QString &a) override { return told(a); }
    QString join(const QString &a, int b) override { return told(a + '/' + QString::number(b)); }
    QString join(const QString &a, int b, bool c) override { return told(a + '/' + QString::number(b) + (c ? "!" : "?")); }
    void reset() override { setCalls(0); }
    int reset(int to) override
    {
        const int before = calls();
        setCalls(to);
        return before;
    }
private:
    QString told(const QString &text)
    {
        setCalls(calls() + 1);
        emit joined(text);
        return text;
    }
};

// Not with the API that repc makes, which C++ does not compile where slots are overloaded; it is by this one that plain QObjects
// are remoted, and what repc says of the class is its meta object's too.
static peer::Host objects([](QList<peer::Hosted> &all, QObject *parent) {
    auto *object = new OverloadsImpl(parent);
    all << peer::Hosted{"Overloads", object, [object](QRemoteObjectHostBase *h) { return h->enableRemoting(object, "Overloads"); }};
});
