// What both programs share: commands in, events out, clocks.
#pragma once
#include <QtCore>
#include <cstdio>
#include <functional>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

// Wall clock, so that one process's stamps can be set against another's.
inline qint64 nowNs()
{
    timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return qint64(t.tv_sec) * 1000000000 + t.tv_nsec;
}

struct Cpu { qint64 user, sys; };

inline Cpu cpuUs()
{
    rusage r;
    getrusage(RUSAGE_SELF, &r);
    return {qint64(r.ru_utime.tv_sec) * 1000000 + r.ru_utime.tv_usec,
            qint64(r.ru_stime.tv_sec) * 1000000 + r.ru_stime.tv_usec};
}

inline void emitEvent(const char *name, QJsonObject fields = {})
{
    fields.insert("event", name);
    const QByteArray line = QJsonDocument(fields).toJson(QJsonDocument::Compact) + '\n';
    fwrite(line.constData(), 1, size_t(line.size()), stdout);
    fflush(stdout);
}

inline void emitError(const QString &what)
{
    emitEvent("error", {{"what", what}});
}

// Qt's own event loop takes a quarter less time a call than the GLib one that it prefers on Linux.
inline void useFastEventLoop()
{
    if (!qEnvironmentVariableIsSet("QT_NO_GLIB"))
        qputenv("QT_NO_GLIB", "1");
}

// A measurement from the moment of a command to its result.
struct Span
{
    qint64 begin = nowNs();
    Cpu cpu = cpuUs();

    QJsonObject result(qint64 end) const
    {
        const Cpu now = cpuUs();
        return {{"begin_ns", begin}, {"end_ns", end}, {"elapsed_us", (end - begin) / 1000},
                {"user_us", now.user - cpu.user}, {"sys_us", now.sys - cpu.sys}};
    }
};

// Reads stdin without blocking the event loop; the program ends when stdin does.
class Commands : public QObject
{
public:
    using Handler = std::function<bool(const QByteArrayList &)>;

    explicit Commands(Handler h) : handle(std::move(h)), notifier(0, QSocketNotifier::Read)
    {
        connect(&notifier, &QSocketNotifier::activated, this, [this] { read(); });
    }

private:
    void read()
    {
        char buf[4096];
        const ssize_t n = ::read(0, buf, sizeof buf);
        if (n <= 0) {
            notifier.setEnabled(false);
            QCoreApplication::quit();
            return;
        }
        pending.append(buf, int(n));
        for (qsizetype eol; (eol = pending.indexOf('\n')) >= 0;) {
            const QByteArray line = pending.left(eol).simplified();
            pending.remove(0, eol + 1);
            if (!line.isEmpty())
                run(line);
        }
    }

    void run(const QByteArray &line)
    {
        if (line == "quit") {
            QCoreApplication::quit();
        } else if (line == "cpu") {
            const Cpu c = cpuUs();
            emitEvent("cpu", {{"user_us", c.user}, {"sys_us", c.sys}});
        } else if (!handle(line.split(' '))) {
            emitError("bad command: " + QString::fromUtf8(line));
        }
    }

    Handler handle;
    QSocketNotifier notifier;
    QByteArray pending;
};
