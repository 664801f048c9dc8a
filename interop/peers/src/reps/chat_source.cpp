#include "source.h"
#include "rep_chat_source.h"

class ChatImpl : public ChatSource
{
public:
    explicit ChatImpl(QObject *parent) : ChatSource(parent) {}
    void enter(const QString &who) override
    {
        m_names << who;
        emit entered(who);
        emit present(m_names, 0);
    }
    bool say(const QString &who, const QString &text, const QVariantMap &extra) override
    {
        if (!m_names.contains(who))
            return false;
        emit said(who, text, extra);
        return true;
    }
    QStringList names() override { return m_names; }
    QVariantMap describe(const QStringList &names) override
    {
        QVariantMap out;
        for (const QString &n : names)
            out.insert(n, QVariantMap{{"here", m_names.contains(n)}, {"letters", int(n.size())}});
        return out;
    }
    void clear() override
    {
        m_names.clear();
        emit cleared();
    }
private:
    QStringList m_names;
};

static peer::Host chatObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<ChatSourceAPI>("Chat", new ChatImpl(parent)); });
