// For the sources of the program repsource. Each file puts its objects into the program through a static Host.
#pragma once
#include "../hosted.h"

namespace peer {

using Build = std::function<void(QList<Hosted> &all, QObject *parent)>;

// What builds the program's objects, once the application is there.
struct Host
{
    explicit Host(Build build) { all().append(std::move(build)); }
    static QList<Build> &all()
    {
        static QList<Build> list;
        return list;
    }
};

// A Hosted for an object that is subclassed from what repc made: hosted<ClockSourceAPI>("Clock", object).
template <template <typename> class Api, typename Object> Hosted hosted(const QString &name, Object *object)
{
    return {name, object, [object](QRemoteObjectHostBase *h) { return h->enableRemoting<Api>(object); }};
}

// A source that lets stdin set what is no writable property: setter("count", this, &Impl::setCount).
class Setters : public Settable
{
public:
    bool setSpecial(const QString &prop, const QJsonValue &v) override
    {
        const auto set = m_setters.value(prop);
        if (set)
            set(v);
        return bool(set);
    }

protected:
    using Set = std::function<void(const QJsonValue &)>;
    void setter(const QString &prop, Set set) { m_setters[prop] = std::move(set); }
    template <typename Object, typename Class, typename Value> void setter(const QString &prop, Object *object, void (Class::*set)(Value))
    {
        using Plain = std::decay_t<Value>;
        setter(prop, [object, set](const QJsonValue &v) { (object->*set)(fromJson(v, qMetaTypeId<Plain>()).template value<Plain>()); });
    }

private:
    QHash<QString, Set> m_setters;
};

} // namespace peer
