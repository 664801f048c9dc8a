// The source side of the comparison: one typed Bench object. README.md has the command language.
#include "peer.h"
#include "rep_bench_source.h"
#include <QtRemoteObjects>

class Bench : public BenchSimpleSource
{
public:
    using BenchSimpleSource::setValue;
    QByteArray echo(QByteArray data) override { return data; }
    void poke(int) override {}
};

// Emits in batches, one a turn of the event loop, so that the sockets are written to in between.
class Emitter : public QObject
{
public:
    Emitter(Bench &b, int size) : bench(b), batch(size) {}

    bool start(const QByteArray &what, int n)
    {
        if (timer.isActive() || n < 1)
            return false;
        kind = what;
        total = n;
        sent = 0;
        span = Span();
        timer.start(0, this);
        return true;
    }

protected:
    void timerEvent(QTimerEvent *) override
    {
        const int end = qMin(sent + batch, total);
        if (kind == "properties") {
            for (; sent < end; ++sent)
                bench.setValue(bench.value() + 1);
        } else {
            while (sent < end)
                emit bench.tick(++sent);
        }
        if (sent < total)
            return;
        timer.stop();
        QJsonObject r = span.result(nowNs());
        r["kind"] = QString::fromLatin1(kind);
        r["count"] = sent;
        emitEvent("sent", r);
    }

private:
    Bench &bench;
    const int batch;
    QBasicTimer timer;
    QByteArray kind;
    int total = 0, sent = 0;
    Span span;
};

int main(int argc, char **argv)
{
    useFastEventLoop();
    QCoreApplication app(argc, argv);
    QCommandLineParser args;
    args.addOptions({{"url", "where to listen", "URL"},
                     {"batch", "changes emitted in one turn of the event loop", "N", "300"}});
    args.process(app);

    Bench bench;
    QRemoteObjectHost host;
    if (!host.setHostUrl(QUrl(args.value("url"))) || !host.enableRemoting(&bench)) {
        emitError(QString("cannot listen on %1").arg(args.value("url")));
        return 1;
    }
    Emitter emitter(bench, qMax(1, args.value("batch").toInt()));
    Commands commands([&](const QByteArrayList &c) {
        return c.size() == 2 && (c[0] == "properties" || c[0] == "signals") && emitter.start(c[0], c[1].toInt());
    });
    emitEvent("ready", {{"url", host.hostUrl().toString()}, {"pid", qint64(getpid())}});
    return app.exec();
}
