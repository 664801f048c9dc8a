#include "source.h"
#include "rep_measures_source.h"
#include "measures_types.h"

class MeasuresImpl : public MeasuresSimpleSource
{
public:
    using MeasuresSimpleSource::MeasuresSimpleSource;
    qint64 add(char a, qint8 b, uchar c, short d, ushort e, int f, uint g) override { return qint64(a) + b + c + d + e + f + g; }
    quint64 largest(qint64 a, quint64 b) override { return a < 0 ? b : qMax(quint64(a), b); }
    double scale(float a, double b, bool negate) override { return negate ? -(a * b) : a * b; }
    char sign(qint64 of) override { return of < 0 ? -1 : of > 0; }
    QDateTime join(QDate day, QTime hour) override { return QDateTime(day, hour, Qt::UTC); }
    QRectF around(QPoint a, QPointF b, QSize c, QSizeF d) override { return QRectF(QPointF(a) + b, QSizeF(c) + d); }
    QByteArray reversed(const QByteArray &data) override
    {
        QByteArray out(data);
        std::reverse(out.begin(), out.end());
        return out;
    }
    QUuid same(const QUuid &id) override { return id; }
    QUrl child(const QUrl &of, const QString &name) override
    {
        QUrl url(of);
        url.setPath(of.path() + '/' + name);
        return url;
    }
    QVariant echo(const QVariant &value) override { return value; }
    QVariantMap lengths(const QStringList &words) override
    {
        QVariantMap out;
        for (const QString &w : words)
            out.insert(w, int(w.size()));
        return out;
    }
    QList<int> range(int from, int to) override
    {
        QList<int> out;
        for (int i = from; i < to; ++i)
            out << i;
        return out;
    }
};

static peer::Host measuresObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<MeasuresSourceAPI>("Measures", new MeasuresImpl(parent)); });
