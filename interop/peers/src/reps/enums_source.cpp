#include "source.h"
#include "rep_enums_source.h"
#include "enums_types.h"

class CrossingImpl : public CrossingSimpleSource, public peer::Setters
{
public:
    explicit CrossingImpl(QObject *parent) : CrossingSimpleSource(parent) { setter("last", this, &CrossingImpl::setLast); }
    Light next(Light now) override { return now == Green ? Amber : now == Amber ? Red : Green; }
    HeadingEnum::Heading back(HeadingEnum::Heading from) override
    {
        return from == HeadingEnum::North ? HeadingEnum::South : from == HeadingEnum::South ? HeadingEnum::North
             : from == HeadingEnum::East ? HeadingEnum::West : HeadingEnum::East;
    }
    Qt::DayOfWeek following(Qt::DayOfWeek day) override { return day == Qt::Sunday ? Qt::Monday : Qt::DayOfWeek(day + 1); }
    Junction join(const Leg &in, const Leg &out) override { return Junction("joined", in, out); }
    void blink(Light light, Mode mode, int times) override
    {
        peer::logSlot("Crossing", "blink", {QVariant::fromValue(light), QVariant::fromValue(mode), times});
    }
};

static peer::Host enumsObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<CrossingSourceAPI>("Crossing", new CrossingImpl(parent)); });
