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
    QString note(int number) override
    {
        emit noted(number);
        return "int " + QString::number(number);
    }
    QString note(bool flag) override
    {
        emit noted(flag);
        return flag ? "bool yes" : "bool no";
    }
    int note(const QString &text) override
    {
        emit noted(text);
        return text.size();
    }
    Remark note(const Remark &remark) override
    {
        emit noted(remark);
        return Remark(remark.text() + '!', remark.times() + 1);
    }
    void note(const QList<int> &numbers) override { emit noted(numbers); }
    QString note(const QString &text, int times) override
    {
        emit noted(text, times);
        return text + " x " + QString::number(times);
    }
    QString note(int times, const QString &text) override
    {
        emit noted(times, text);
        return QString::number(times) + " x " + text;
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
static peer::Host overloadsObjects([](QList<peer::Hosted> &all, QObject *parent) {
    auto *object = new OverloadsImpl(parent);
    all << peer::Hosted{"Overloads", object, [object](QRemoteObjectHostBase *h) { return h->enableRemoting(object, "Overloads"); }};
});
