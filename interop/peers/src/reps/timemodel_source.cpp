#include "source.h"
#include "rep_timemodel_source.h"

static peer::Registered timemodelTypes([] {
    peer::registerList<QList<Preset>>("QList<Preset>");
    peer::registerList<QList<int>>("QList<int>");
});

class DayTimeImpl : public DayTimeSimpleSource, public peer::Setters
{
public:
    explicit DayTimeImpl(QObject *parent) : DayTimeSimpleSource("sundial", parent) { setter("now", this, &DayTimeImpl::setNow); }
    Moment after(int minutes) override
    {
        const int sum = hour() * 60 + minute() + minutes;
        return Moment(sum / 60, sum % 60);
    }
    void jump(const Moment &to) override
    {
        setHour(to.hour());
        setMinute(to.minute());
        setNow(to);
        emit reached(to, Preset("jump", to, 0, false));
    }
};

class PresetStoreImpl : public PresetStoreSimpleSource, public peer::Setters
{
public:
    explicit PresetStoreImpl(QObject *parent) : PresetStoreSimpleSource(parent)
    {
        setter("limit", this, &PresetStoreImpl::setLimit);
        setter("last", this, &PresetStoreImpl::setLast);
    }
    bool add(Preset preset) override
    {
        if (presets().size() >= limit()) {
            emit refused(preset, limit());
            return false;
        }
        setPresets(presets() << preset);
        setLast(preset);
        return true;
    }
    QList<Preset> daily() override
    {
        QList<Preset> found;
        for (const Preset &p : presets())
            if (p.daily())
                found << p;
        return found;
    }
    int longest(const QList<Preset> &presets) override
    {
        int longest = 0;
        for (const Preset &p : presets)
            longest = qMax(longest, p.minutes());
        return longest;
    }
    void clear() override
    {
        const QList<Preset> gone = presets();
        setPresets({});
        emit cleared(gone);
    }
};

static peer::Host timemodelObjects([](QList<peer::Hosted> &all, QObject *parent) {
    all << peer::hosted<DayTimeSourceAPI>("DayTime", new DayTimeImpl(parent));
    all << peer::hosted<PresetStoreSourceAPI>("PresetStore", new PresetStoreImpl(parent));
});
