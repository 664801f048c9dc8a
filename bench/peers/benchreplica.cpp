// The replica side of the comparison: typed Bench replicas, each on a node and connection of its own.
// README.md has the command language.
#include "peer.h"
#include "rep_bench_replica.h"
#include <QtRemoteObjects>
#include <memory>
#include <vector>

struct Client
{
    QRemoteObjectNode node;
    std::unique_ptr<BenchReplica> replica;
    int last = 0; // newest number seen of what is being counted
};

class Bench : public QObject
{
public:
    Bench(const QUrl &url, int replicas)
    {
        for (int i = 0; i < replicas; ++i) {
            clients.push_back(std::make_unique<Client>());
            Client *c = clients.back().get();
            c->node.connectToNode(url);
            c->replica.reset(c->node.acquire<BenchReplica>("Bench"));
            BenchReplica *r = c->replica.get();
            connect(r, &BenchReplica::initialized, this, [this] { initialized(); });
            connect(r, &BenchReplica::valueChanged, this, [this, c](int v) {
                if (kind == "property")
                    saw(c, v);
            });
            connect(r, &BenchReplica::tick, this, [this, c](int n) {
                if (kind == "signal")
                    saw(c, n);
            });
        }
    }

    bool command(const QByteArrayList &c)
    {
        if (!kind.isEmpty() || valid < int(clients.size()))
            return false;
        if (c.size() == 3 && c[0] == "expect" && (c[1] == "property" || c[1] == "signal"))
            return expect(c[1], c[2].toInt());
        if (c.size() == 3 && c[0] == "calls")
            return calls("calls", c[1].toInt(), c[2].toInt());
        if (c.size() == 3 && c[0] == "echo")
            return calls("echo", c[2].toInt(), c[1].toInt());
        if (c.size() == 2 && c[0] == "pokes")
            return pokes(c[1].toInt());
        return false;
    }

private:
    void initialized()
    {
        if (++valid < int(clients.size()))
            return;
        QJsonObject r = span.result(nowNs());
        r["replicas"] = valid;
        r["pid"] = qint64(getpid());
        emitEvent("ready", r);
    }

    bool expect(const QByteArray &what, int n)
    {
        if (n < 1)
            return false;
        // Values go on from where they are, so that every run changes the property N times.
        const int base = what == "property" ? clients[0]->replica->value() : 0;
        for (auto &c : clients)
            c->last = base;
        kind = what;
        final = base + n;
        open = int(clients.size());
        count = gaps = first = 0;
        span = Span();
        emitEvent("armed", {{"kind", QString::fromLatin1(kind)}, {"count", n}});
        return true;
    }

    void saw(Client *c, int n)
    {
        if (count++ == 0)
            first = nowNs();
        if (n != c->last + 1)
            ++gaps;
        c->last = n;
        if (n != final || --open > 0)
            return;
        QJsonObject r = span.result(nowNs());
        r["kind"] = QString::fromLatin1(kind);
        r["replicas"] = int(clients.size());
        r["count"] = count;
        r["gaps"] = gaps;
        r["first_ns"] = first;
        r["elapsed_us"] = (r["end_ns"].toInteger() - first) / 1000;
        kind.clear();
        emitEvent("seen", r);
    }

    bool calls(const QByteArray &what, int n, int size)
    {
        if (n < 1 || size < 0)
            return false;
        kind = what;
        total = left = n;
        data = QByteArray(size, 'x');
        span = Span();
        call();
        return true;
    }

    void call()
    {
        auto *w = new QRemoteObjectPendingCallWatcher(clients[0]->replica->echo(data));
        connect(w, &QRemoteObjectPendingCallWatcher::finished, this, [this](QRemoteObjectPendingCallWatcher *w) {
            w->deleteLater();
            if (w->error() != QRemoteObjectPendingCall::NoError || w->returnValue().toByteArray().size() != data.size()) {
                kind.clear();
                emitError("a call failed or returned the wrong data");
            } else if (--left > 0) {
                call();
            } else {
                called();
            }
        });
    }

    bool pokes(int n)
    {
        if (n < 1)
            return false;
        kind = "pokes";
        total = n;
        data.clear();
        span = Span();
        for (int i = 1; i <= n; ++i)
            clients[0]->replica->poke(i);
        // A slot without a result has no reply; calls arrive in order, so a reply to this one says that all did.
        left = 1;
        call();
        return true;
    }

    void called()
    {
        QJsonObject r = span.result(nowNs());
        const double us = (r["end_ns"].toInteger() - span.begin) / 1e3;
        r["kind"] = QString::fromLatin1(kind);
        r["count"] = total;
        r["size"] = data.size();
        r["us_per_call"] = us / total;
        r["mb_per_s"] = double(data.size()) * total / us;
        kind.clear();
        emitEvent("called", r);
    }

    std::vector<std::unique_ptr<Client>> clients;
    QByteArray kind; // what is being measured; empty when idle
    QByteArray data;
    int valid = 0, final = 0, open = 0, total = 0, left = 0;
    qint64 count = 0, gaps = 0, first = 0;
    Span span;
};

int main(int argc, char **argv)
{
    useFastEventLoop();
    QCoreApplication app(argc, argv);
    QCommandLineParser args;
    args.addOptions({{"connect", "the source's URL", "URL"}, {"replicas", "how many", "K", "1"}});
    args.process(app);
    Bench bench(QUrl(args.value("connect")), qMax(1, args.value("replicas").toInt()));
    Commands commands([&](const QByteArrayList &c) { return bench.command(c); });
    return app.exec();
}
