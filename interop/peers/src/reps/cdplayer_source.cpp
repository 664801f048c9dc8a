#include "source.h"
#include "rep_cdplayer_source.h"

static peer::Registered cdplayerTypes([] { peer::registerList<QList<Track>>("QList<Track>"); });

class PlayerImpl : public PlayerSimpleSource, public peer::Setters
{
public:
    explicit PlayerImpl(QObject *parent) : PlayerSimpleSource(parent)
    {
        setter("mode", this, &PlayerImpl::setMode);
        setter("disc", this, &PlayerImpl::setDisc);
        setter("current", this, &PlayerImpl::setCurrent);
        setter("position", this, &PlayerImpl::setPosition);
    }
    Mode play(int number) override
    {
        for (const Track &t : tracks()) {
            if (t.number() == number) {
                setCurrent(t);
                setMode(Playing);
                emit started(t, Playing);
            }
        }
        return mode();
    }
    Mode pause() override
    {
        setMode(Paused);
        return mode();
    }
    qint64 seek(qint64 millis) override
    {
        setPosition(qMin(millis, current().millis()));
        emit progress(position(), double(position()) / current().millis());
        return position();
    }
    Track insert(const Disc &disc, const QList<Track> &tracks) override
    {
        setDisc(disc);
        setTracks(tracks);
        setMode(Stopped);
        emit queued(tracks);
        return tracks.value(0);
    }
    QList<Track> by(const QString &artist) override
    {
        QList<Track> found;
        for (const Track &t : tracks())
            if (t.artist() == artist)
                found << t;
        return found;
    }
    RepeatEnum::Repeat next(RepeatEnum::Repeat repeat) override
    {
        return repeat == RepeatEnum::Never ? RepeatEnum::One : repeat == RepeatEnum::One ? RepeatEnum::Whole : RepeatEnum::Never;
    }
    void eject() override
    {
        const Disc before = disc();
        setDisc(Disc());
        setMode(Empty);
        emit ejected(before, repeat());
    }
};

static peer::Host cdplayerObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<PlayerSourceAPI>("Player", new PlayerImpl(parent)); });
