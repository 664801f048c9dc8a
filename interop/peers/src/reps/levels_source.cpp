#include "source.h"
#include "rep_levels_source.h"
#include "levels_types.h"

class SounderImpl : public SounderSimpleSource, public peer::Setters
{
public:
    explicit SounderImpl(QObject *parent) : SounderSimpleSource(parent) { setter("span", this, &SounderImpl::setSpan); }
    Alert judge(DepthEnum::Depth depth) override
    {
        return depth == DepthEnum::Depth::Trench ? Alert::None : depth == DepthEnum::Depth::Sea ? Alert::Shallow : Alert::Aground;
    }
    DepthEnum::Depth below(DepthEnum::Depth depth, Unit unit) override
    {
        return depth == DepthEnum::Depth::Reef && unit == Fathom ? DepthEnum::Depth::Sea : DepthEnum::Depth::Trench;
    }
    Echo ping(SpanEnum::Span span) override { return Echo(Tone(Tone::Lost, 440), DepthEnum::Depth::Reef, span); }
    Unit convert(Unit unit) override { return unit == Meter ? Fathom : Meter; }
};

static peer::Host levelsObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<SounderSourceAPI>("Sounder", new SounderImpl(parent)); });
