-- The other shards beside quantbot_0, which the image makes; one server here, one each wherever you like in production.
CREATE DATABASE quantbot_1;
CREATE DATABASE quantbot_2;
CREATE DATABASE quantbot_3;
